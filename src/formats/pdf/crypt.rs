//! Files that are encrypted with an empty password, as programs do that only forbid changes (ISO 32000-1, 7.6): RC4 and
//! AES of 128 bits. What needs a password, and the newer AES of 256 bits, is refused.

/// What an empty password is filled up with (ISO 32000-1, 7.6.3.3).
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08,
    0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

/// How streams are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Plain,
    /// RC4.
    Rc4,
    /// AES of 128 bits, blocks chained.
    Aes,
}

/// What the encryption dictionary says.
#[derive(Debug)]
pub struct Settings<'a> {
    /// Revision, 2 to 4.
    pub revision: usize,
    /// Bytes of the key, 5 to 16.
    pub length: usize,
    /// The owner's entry.
    pub owner: &'a [u8],
    /// The user's entry, by which a password is checked.
    pub user: &'a [u8],
    /// What is permitted, as 32 bits.
    pub permissions: u32,
    /// First half of the file's id.
    pub id: &'a [u8],
    /// Whether the metadata are encrypted as well.
    pub metadata: bool,
    /// How streams are encrypted.
    pub method: Method,
}

/// The key of a file.
#[derive(Debug)]
pub struct Key {
    key: Vec<u8>,
    method: Method,
}

impl Key {
    /// The key for the empty password; `None` where that is not the password.
    pub fn of_empty_password(settings: &Settings<'_>) -> Option<Self> {
        let length = settings.length.clamp(5, 16);
        let mut seed = PADDING.to_vec();
        seed.extend(settings.owner.get(..32)?);
        seed.extend(settings.permissions.to_le_bytes());
        seed.extend(settings.id);
        if settings.revision >= 4 && !settings.metadata {
            seed.extend([0xff; 4]);
        }
        let mut digest = md5(&seed);
        if settings.revision >= 3 {
            for _ in 0..50 {
                digest = md5(&digest[..length]);
            }
        }
        let key = digest[..length].to_vec();
        let fits = if settings.revision >= 3 {
            let mut check = md5(&[&PADDING[..], settings.id].concat()).to_vec();
            for round in 0..20_u8 {
                let turned: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
                check = rc4(&turned, &check);
            }
            settings.user.get(..16) == Some(&check[..16])
        } else {
            settings.user.get(..32) == Some(&rc4(&key, &PADDING)[..])
        };
        fits.then_some(Self {
            key,
            method: settings.method,
        })
    }

    /// The bytes of a stream of the object of this number and generation.
    pub fn decrypt(&self, bytes: &[u8], number: u32, generation: u16) -> Vec<u8> {
        if self.method == Method::Plain {
            return bytes.to_vec();
        }
        let mut seed = self.key.clone();
        seed.extend(&number.to_le_bytes()[..3]);
        seed.extend(generation.to_le_bytes());
        if self.method == Method::Aes {
            seed.extend(b"sAlT");
        }
        let digest = md5(&seed);
        let key = &digest[..(self.key.len() + 5).min(16)];
        match self.method {
            Method::Aes => aes_chained(key, bytes),
            _ => rc4(key, bytes),
        }
    }
}

/// RC4 (as published in 1994).
fn rc4(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut state: [u8; 256] = std::array::from_fn(|at| at as u8);
    let mut other = 0_u8;
    for at in 0..256 {
        other = other
            .wrapping_add(state[at])
            .wrapping_add(key[at % key.len()]);
        state.swap(at, usize::from(other));
    }
    let (mut one, mut other) = (0_u8, 0_u8);
    let next = |&byte: &u8| {
        one = one.wrapping_add(1);
        other = other.wrapping_add(state[usize::from(one)]);
        state.swap(usize::from(one), usize::from(other));
        let sum = state[usize::from(one)].wrapping_add(state[usize::from(other)]);
        byte ^ state[usize::from(sum)]
    };
    bytes.iter().map(next).collect()
}

/// MD5 (RFC 1321).
fn md5(bytes: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [
        [7, 12, 17, 22],
        [5, 9, 14, 20],
        [4, 11, 16, 23],
        [6, 10, 15, 21],
    ];
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend((bytes.len() as u64).wrapping_mul(8).to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in message.as_chunks::<64>().0 {
        let mut words = [0_u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mixed, place) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), 5 * step + 1),
                2 => (b ^ c ^ d, 3 * step + 5),
                _ => (c ^ (b | !d), 7 * step),
            };
            // The whole part of 2^32 |sin(step + 1)|.
            let sine = (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a
                .wrapping_add(mixed)
                .wrapping_add(sine)
                .wrapping_add(words[place % 16]);
            let turned = sum.rotate_left(SHIFTS[step / 16][step % 4]);
            (a, d, c, b) = (d, c, b, b.wrapping_add(turned));
        }
        for (state, value) in state.iter_mut().zip([a, b, c, d]) {
            *state = state.wrapping_add(value);
        }
    }
    let mut digest = [0; 16];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_le_bytes();
    }
    digest
}

/// Multiplication in the field of AES (FIPS 197, 4.2).
fn times(mut one: u8, mut other: u8) -> u8 {
    let mut product = 0;
    while other > 0 {
        if other & 1 == 1 {
            product ^= one;
        }
        one = one << 1 ^ if one & 0x80 == 0 { 0 } else { 0x1b };
        other >>= 1;
    }
    product
}

/// The substitution of AES and its inverse (FIPS 197, 5.1.1).
fn substitutions() -> ([u8; 256], [u8; 256]) {
    let (mut forwards, mut backwards) = ([0; 256], [0; 256]);
    let (mut power, mut inverse) = (1_u8, 1_u8);
    loop {
        // Powers of 3 and of its inverse 0xf6 run through all of the field.
        power = times(power, 3);
        inverse = times(inverse, 0xf6);
        let turned = (1..5).fold(inverse, |sum, by| sum ^ inverse.rotate_left(by)) ^ 0x63;
        forwards[usize::from(power)] = turned;
        backwards[usize::from(turned)] = power;
        if power == 1 {
            break;
        }
    }
    forwards[0] = 0x63;
    backwards[0x63] = 0;
    (forwards, backwards)
}

/// The keys of the eleven rounds (FIPS 197, 5.2).
fn round_keys(key: &[u8; 16], forwards: &[u8; 256]) -> [[u8; 16]; 11] {
    let mut keys = [[0; 16]; 11];
    keys[0] = *key;
    let mut constant = 1;
    for round in 1..11 {
        let before = keys[round - 1];
        let mut word = [before[13], before[14], before[15], before[12]]
            .map(|byte| forwards[usize::from(byte)]);
        word[0] ^= constant;
        constant = times(constant, 2);
        for at in 0..16 {
            let left = if at < 4 {
                word[at]
            } else {
                keys[round][at - 4]
            };
            keys[round][at] = before[at] ^ left;
        }
    }
    keys
}

/// One block backwards (FIPS 197, 5.3).
fn aes_block(block: [u8; 16], keys: &[[u8; 16]; 11], backwards: &[u8; 256]) -> [u8; 16] {
    let add = |state: [u8; 16], key: &[u8; 16]| std::array::from_fn(|at| state[at] ^ key[at]);
    let mut state: [u8; 16] = add(block, &keys[10]);
    for round in (0..10).rev() {
        // Rows move right by their number; a column's bytes stand together.
        let moved: [u8; 16] = std::array::from_fn(|at| {
            let (column, row) = (at / 4, at % 4);
            backwards[usize::from(state[(column + 4 - row) % 4 * 4 + row])]
        });
        state = add(moved, &keys[round]);
        if round > 0 {
            let mixed = state;
            state = std::array::from_fn(|at| {
                let (column, row) = (at / 4 * 4, at % 4);
                [14, 11, 13, 9]
                    .into_iter()
                    .enumerate()
                    .fold(0, |sum, (step, by)| {
                        sum ^ times(mixed[column + (row + step) % 4], by)
                    })
            });
        }
    }
    state
}

/// Chained blocks: the first is the one that the chain begins with, the last ends in its own padding.
fn aes_chained(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let Ok(key) = <&[u8; 16]>::try_from(key) else {
        return Vec::new();
    };
    let (forwards, backwards) = substitutions();
    let keys = round_keys(key, &forwards);
    let mut out = Vec::with_capacity(bytes.len());
    for pair in bytes.as_chunks::<16>().0.windows(2) {
        let block = aes_block(pair[1], &keys, &backwards);
        out.extend(block.iter().zip(pair[0]).map(|(one, other)| one ^ other));
    }
    let padding = out.last().map_or(0, |&last| usize::from(last));
    if (1..=16).contains(&padding) {
        out.truncate(out.len().saturating_sub(padding));
    }
    out
}

/// For tests of files: settings whose user entry fits the empty password, and the key.
#[cfg(test)]
pub fn settings_for_test(owner: &[u8; 32], id: &[u8]) -> (Vec<u8>, Key) {
    let mut settings = Settings {
        revision: 2,
        length: 5,
        owner,
        user: &[],
        permissions: 0xffff_fffc,
        id,
        metadata: true,
        method: Method::Rc4,
    };
    let mut seed = PADDING.to_vec();
    seed.extend(owner);
    seed.extend(settings.permissions.to_le_bytes());
    seed.extend(id);
    let user = rc4(&md5(&seed)[..5], &PADDING);
    settings.user = &user;
    let key = Key::of_empty_password(&settings).unwrap();
    (user.clone(), key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn each_cipher_gives_its_published_values() {
        // RFC 1321, appendix A.5.
        assert_eq!(md5(b"").to_vec(), hex("d41d8cd98f00b204e9800998ecf8427e"));
        assert_eq!(
            md5(b"message digest").to_vec(),
            hex("f96b697d7cb7938d525a2f31aaf161d0")
        );
        // RFC 6229, a key of 40 bits.
        assert_eq!(rc4(&[1, 2, 3, 4, 5], &[0; 8]), hex("b2396305f03dc027"));
        // FIPS 197, appendix C.1.
        let key: [u8; 16] = std::array::from_fn(|at| at as u8);
        let (forwards, backwards) = substitutions();
        let block = hex("69c4e0d86a7b0430d8cdb78070b4c55a").try_into().unwrap();
        let plain = aes_block(block, &round_keys(&key, &forwards), &backwards);
        assert_eq!(plain.to_vec(), hex("00112233445566778899aabbccddeeff"));
    }

    #[test]
    fn another_password_is_noticed() {
        let (mut user, _) = settings_for_test(&[7; 32], b"id");
        let fits = |user: &[u8]| {
            Key::of_empty_password(&Settings {
                revision: 2,
                length: 5,
                owner: &[7; 32],
                user,
                permissions: 0xffff_fffc,
                id: b"id",
                metadata: true,
                method: Method::Rc4,
            })
            .is_some()
        };
        assert!(fits(&user));
        user[0] ^= 1;
        assert!(!fits(&user));
    }
}
