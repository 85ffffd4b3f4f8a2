"""The executable specification of the Taifoon protocol: pure, contract-annotated, one package for each section."""
