"""One suite of what a store must do, run over the simulator's and over MongoDB's, so that the fake cannot lie."""
