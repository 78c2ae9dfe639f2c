"""The commands of contract.md section 2, by what they are for. Heavy imports wait until a command runs."""
