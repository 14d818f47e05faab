"""The perimeter is watertight: by the catalogue, by raw SQL, on every route, with services broken on purpose."""
