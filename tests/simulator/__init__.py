"""The protocol code of `chassis/fold` on an in-memory database and broker, one call a step, under every fault."""
