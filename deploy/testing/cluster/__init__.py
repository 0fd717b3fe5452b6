"""`make cluster-test`: the chart in a real Kubernetes control plane, on nodes that only pretend to run anything."""
