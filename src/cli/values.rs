//! Values of arguments that several subcommands take: `X,Y,Z` and `A,B`, finite numbers, minus signs allowed.

use std::str::FromStr;

/// `N` finite numbers separated by commas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers<const N: usize>(pub [f64; N]);

/// `X,Y,Z`, such as a point in patient millimetres.
pub type Triple = Numbers<3>;
/// `A,B`, such as a window's width and center.
pub type Pair = Numbers<2>;

impl<const N: usize> FromStr for Numbers<N> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<f64>> =
            text.split(',').map(|n| n.trim().parse().ok().filter(|n: &f64| n.is_finite())).collect();
        numbers
            .and_then(|n| <[f64; N]>::try_from(n).ok())
            .map(Numbers)
            .ok_or_else(|| format!("expected {N} finite numbers separated by commas"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_signs_parse_and_what_is_not_finite_does_not() {
        assert_eq!("-3,4.5,-1e2".parse(), Ok(Numbers([-3.0, 4.5, -100.0])));
        for bad in ["1,2", "1,2,3,4", "1,2,nan", "inf,0,0", "1,,2", ""] {
            assert!(bad.parse::<Triple>().is_err(), "{bad}");
        }
    }
}
