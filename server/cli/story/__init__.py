"""The demo's people, words and story. Everything here goes through the SDK, as anybody's client would."""
