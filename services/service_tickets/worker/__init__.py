"""Empty: service_tickets is not built yet."""
