"""What each kind of task is: how an answer is validated, scored, combined and described by features."""
