"""Where the pixels of a drawn scene look, and where its light comes from."""

from dataclasses import dataclass

import numpy as np

from assetgen.controls._noise import Values


@dataclass(frozen=True)
class Sight:
    """What each pixel of a picture looks at. `across` are the columns' directions (x, z), `2×W`; `rise` the tangents
    of the rows' elevations, `H`, falling; `top` is the tangent at the top of the sky; `around` is a whole circle."""

    across: Values
    rise: Values
    top: float
    around: bool

    @property
    def horizon(self) -> int:
        """The first row below the horizon."""
        return int(np.searchsorted(-self.rise, 0.0))


@dataclass(frozen=True)
class Sun:
    """Place of the sun or moon: column direction (x, z) and tangent of its elevation."""

    across: tuple[float, float]
    rise: float

    @property
    def direction(self) -> Values:
        """Unit vector towards it: x right, y up, z away."""
        vector = np.array([self.across[0], self.rise, self.across[1]], np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)
