/// Arithmetic on u128 beyond the operators.
module aptos_std::math128 {
    use std::error;

    /// Division by zero.
    const EDIVISION_BY_ZERO: u64 = 1;
    /// Zero has no logarithm.
    const EINVALID_ARG_FLOOR_LOG2: u64 = 1;

    public fun max(a: u128, b: u128): u128 {
        if (a >= b) a else b
    }

    public fun min(a: u128, b: u128): u128 {
        if (a < b) a else b
    }

    public fun average(a: u128, b: u128): u128 {
        if (a < b) a + (b - a) / 2 else b + (a - b) / 2
    }

    public fun gcd(a: u128, b: u128): u128 {
        while (b != 0) {
            (a, b) = (b, a % b);
        };
        a
    }

    /// `a * b / c` without overflow in between, rounded down.
    public fun mul_div(a: u128, b: u128, c: u128): u128 {
        assert!(c != 0, error::invalid_argument(EDIVISION_BY_ZERO));
        ((a as u256) * (b as u256) / (c as u256) as u128)
    }

    public fun clamp(x: u128, lower: u128, upper: u128): u128 {
        min(upper, max(lower, x))
    }

    public fun pow(n: u128, e: u128): u128 {
        let result = 1;
        while (e > 0) {
            if (e % 2 == 1) result = result * n;
            e = e / 2;
            if (e > 0) n = n * n;
        };
        result
    }

    public fun floor_log2(x: u128): u8 {
        assert!(x != 0, error::invalid_argument(EINVALID_ARG_FLOOR_LOG2));
        let bits = 0;
        let step = 64;
        while (step > 0) {
            if (x >= (1 << step)) {
                x = x >> step;
                bits = bits + step;
            };
            step = step / 2;
        };
        bits
    }

    /// The largest integer whose square is not above `x`.
    public fun sqrt(x: u128): u128 {
        if (x == 0) return 0;
        // Newton from above: strictly falls until it is the floor of the root.
        let guess = 1 << (floor_log2(x) / 2 + 1);
        loop {
            let next = (guess + x / guess) / 2;
            if (next >= guess) return guess;
            guess = next;
        }
    }

    public fun ceil_div(x: u128, y: u128): u128 {
        if (x == 0) {
            assert!(y != 0, error::invalid_argument(EDIVISION_BY_ZERO));
            0
        } else (x - 1) / y + 1
    }
}
