"""Stand-in for PayFiP, the DGFiP's payment service for local public bodies (web service of the régies)."""
