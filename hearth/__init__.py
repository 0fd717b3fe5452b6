"""What clients import: the command line (`hearth.cli`) and the generated gRPC stubs."""
