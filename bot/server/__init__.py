"""`signpost serve`: a GitHub App that receives webhooks, and handles the issues of many repositories."""
