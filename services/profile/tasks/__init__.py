"""Long jobs: `python -m services.profile task NAME`. The common ones are in `chassis.tasks`."""
