"""Long jobs: `python -m services.service_tickets task NAME`. The common ones are in `chassis.tasks`."""
