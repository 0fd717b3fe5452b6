"""Long jobs: `python -m services.loyalty task NAME`. The common ones are in `chassis.tasks`."""
