"""The suite: a folder for each part. A package, so that tests/policies is not mistaken for policies."""
