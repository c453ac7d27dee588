"""Parts of the screen. Each shows what it is given and says what was done to it; none knows the network."""
