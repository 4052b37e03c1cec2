"""What Xiaoer costs, measured beside something known in the same run."""
