"""What a maintainer knows: rules and packs, how they are loaded, compiled and matched."""
