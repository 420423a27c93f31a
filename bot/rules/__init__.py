"""What a maintainer knows: rules, packs, their conditions, how they are read and matched."""
