/// Arithmetic on u64 beyond the operators.
module aptos_std::math64 {
    use std::error;

    /// Division by zero.
    const EDIVISION_BY_ZERO: u64 = 1;
    /// Zero has no logarithm.
    const EINVALID_ARG_FLOOR_LOG2: u64 = 1;

    public fun max(a: u64, b: u64): u64 {
        if (a >= b) a else b
    }

    public fun min(a: u64, b: u64): u64 {
        if (a < b) a else b
    }

    public fun average(a: u64, b: u64): u64 {
        if (a < b) a + (b - a) / 2 else b + (a - b) / 2
    }

    public fun gcd(a: u64, b: u64): u64 {
        while (b != 0) {
            (a, b) = (b, a % b);
        };
        a
    }

    /// `a * b / c` without overflow in between, rounded down.
    public fun mul_div(a: u64, b: u64, c: u64): u64 {
        assert!(c != 0, error::invalid_argument(EDIVISION_BY_ZERO));
        ((a as u128) * (b as u128) / (c as u128) as u64)
    }

    public fun clamp(x: u64, lower: u64, upper: u64): u64 {
        min(upper, max(lower, x))
    }

    public fun pow(n: u64, e: u64): u64 {
        let result = 1;
        while (e > 0) {
            if (e % 2 == 1) result = result * n;
            e = e / 2;
            if (e > 0) n = n * n;
        };
        result
    }

    public fun floor_log2(x: u64): u8 {
        assert!(x != 0, error::invalid_argument(EINVALID_ARG_FLOOR_LOG2));
        let bits = 0;
        let step = 32;
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
    public fun sqrt(x: u64): u64 {
        if (x == 0) return 0;
        // Newton from above: strictly falls until it is the floor of the root.
        let guess = 1 << (floor_log2(x) / 2 + 1);
        loop {
            let next = (guess + x / guess) / 2;
            if (next >= guess) return guess;
            guess = next;
        }
    }

    public fun ceil_div(x: u64, y: u64): u64 {
        if (x == 0) {
            assert!(y != 0, error::invalid_argument(EDIVISION_BY_ZERO));
            0
        } else (x - 1) / y + 1
    }
}
