//! Numbers drawn from the caller's random bytes.

/// As many numbers as are asked for, none to be guessed from the others: SipHash-2-4 of a counter,
/// keyed with the caller's bytes.
#[derive(Clone)]
pub(crate) struct Draw {
    key: [u64; 2],
    drawn: u64,
}

impl Draw {
    pub(crate) fn new(random: [u8; 16]) -> Self {
        let key = u128::from_le_bytes(random);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the key")]
        let key = [key as u64, (key >> 64) as u64];
        Self { key, drawn: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        let [k0, k1] = self.key;
        let mut v = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        // One block of eight bytes, then the length.
        for block in [self.drawn, 8 << 56] {
            v[3] ^= block;
            round(&mut v);
            round(&mut v);
            v[0] ^= block;
        }
        self.drawn = self.drawn.wrapping_add(1);
        v[2] ^= 0xff;
        for _ in 0..4 {
            round(&mut v);
        }
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

const fn round(v: &mut [u64; 4]) {
    let [mut a, mut b, mut c, mut d] = *v;
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    *v = [a, b, c, d];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vector of SipHash-2-4 for an input of eight bytes 0 to 7 under the key 0 to 15.
    #[test]
    fn is_siphash() {
        let mut key = [0; 16];
        key.iter_mut().zip(0..).for_each(|(byte, n)| *byte = n);
        let mut draw = Draw::new(key);
        draw.drawn = u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(draw.next(), 0x93f5_f579_9a93_2462);
    }

    #[test]
    fn differs_from_draw_to_draw() {
        let mut draw = Draw::new([7; 16]);
        let first = draw.next();
        assert!((0..1_000).all(|_| draw.next() != first));
    }
}
