"""The plain types of GitHub's world, and the ports to it. Pure; imports nothing of ours."""
