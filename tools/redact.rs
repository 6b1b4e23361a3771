//! `--redact`: what looks like a secret. Rather one too many than one too few.

use crate::words::{Words, place, same_letters, words};
use rt::fmt::{Put, dec};
use rt::io::BufWriter;
use rt::put;

/// What stands for a secret of so many bytes.
pub struct Redacted(pub usize);

impl Put for Redacted {
    fn put(&self, out: &mut BufWriter) {
        put!(out, "***(", dec(self.0), ")");
    }
}

/// Whether the value of a variable, or of an option, with this name is a secret by its name.
pub fn is_secret_name(name: &[u8]) -> bool {
    /// In whatever they are a part of.
    const PARTS: &str = "SECRET TOKEN PASSW PASSPHRASE CREDENTIAL APIKEY PRIVATE";
    /// As words of their own.
    const WORDS: &str = "PASS PWD PW PSK PIN KEY KEYS AUTH AUTHORIZATION BEARER COOKIE CREDS SALT DSN SIGNATURE JWT";
    let mut words = name.split(|byte| !byte.is_ascii_alphanumeric());
    let last = words.clone().next_back().unwrap_or_default();
    // Where something is, not what it is; and the shell's working directory.
    if among("SOCK PATH DIR", last) || place(b"PWD OLDPWD", name).is_some() {
        return false;
    }
    let has = |part: &[u8]| {
        let pieces = (0..name.len()).map_while(|at| name.get(at..at + part.len()));
        pieces.into_iter().any(|piece| same_letters(piece, part))
    };
    let ends = |word: &[u8]| {
        let tail = word.get(word.len().saturating_sub(3)..).unwrap_or_default();
        same_letters(tail, b"KEY")
    };
    words_of(PARTS).any(has) || words.any(|word| among(WORDS, word) || ends(word))
}

fn among(list: &str, word: &[u8]) -> bool {
    words_of(list).any(|one| same_letters(one, word))
}

fn words_of(list: &str) -> Words<'_> {
    words(list.as_bytes(), b' ')
}

/// Whether a value is a secret by what it looks like, whatever its name: as the tokens of
/// well-known services, a private key, a URL with a password, or too random for a word.
pub fn is_secret_value(value: &[u8]) -> bool {
    const BEGINNINGS: &str = "AKIA ASIA AIza ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xoxb- xoxp- \
         xoxa- xoxs- sk- sk_ pk_ rk_ eyJ npm_ hf_ ya29. dop_v1_ SG. pypi- -----BEGIN Bearer Basic";
    const SHORTEST: usize = 12;
    (value.len() >= SHORTEST && words_of(BEGINNINGS).any(|text| value.starts_with(text)))
        || is_url(value)
        || is_random(value)
}

/// Whether there is a URL with a password in it: `scheme://user:password@host`.
fn is_url(value: &[u8]) -> bool {
    let Some(at) = value.windows(3).position(|w| w == b"://") else { return false };
    let rest = value.get(at + 3..).unwrap_or_default();
    let authority = rest.split(|byte| b"/?#".contains(byte)).next().unwrap_or_default();
    let user = authority.iter().rposition(|&byte| byte == b'@').and_then(|at| authority.get(..at));
    user.is_some_and(|user| user.contains(&b':'))
}

/// Whether it is long, of the characters of base64, and neither a word nor a number nor a path.
fn is_random(value: &[u8]) -> bool {
    const SHORTEST: usize = 32;
    let (mut digits, mut upper, mut lower, mut hex) = (0, 0, 0, true);
    for byte in value {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'A'..=b'Z' => upper += 1,
            b'a'..=b'z' => lower += 1,
            b'+' | b'/' | b'=' | b'_' | b'-' => {}
            _ => return false,
        }
        hex &= byte.is_ascii_hexdigit();
    }
    value.len() >= SHORTEST
        && !matches!(value, [b'/', ..])
        && digits > 3
        && (hex && upper + lower > 0 || upper > 3 && lower > 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "GITHUB_TOKEN",
            "token",
            "DB_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "MYSQL_ROOT_PASSWD",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "api-key",
            "apiKey",
            "STRIPE_APIKEY",
            "HTTP_AUTHORIZATION",
            "SESSION_COOKIE",
            "RESTIC_PASSWORD",
            "DJANGO_SECRETS",
            "PrivateKey",
            "NPM_AUTH",
            "SENTRY_DSN",
        ] {
            assert!(is_secret_name(name.as_bytes()), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "PWD",
            "OLDPWD",
            "SSH_AUTH_SOCK",
            "SHELL",
            "LS_COLORS",
            "TERM",
            "",
            "XDG_RUNTIME_DIR",
            "KEYBOARD",
            "COMPASS",
            "SPINNER",
            "AUTHOR",
            "SSH_KEY_PATH",
        ] {
            assert!(!is_secret_name(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn values() {
        for value in [
            "postgres://app:hunter2@db.example/app",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY01234",
            "0123456789abcdef0123456789abcdef",
            "eyJhbGciOiJIUzI1NiJ9.e30.abc",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nabc",
        ] {
            assert!(is_secret_value(value.as_bytes()), "{value}");
        }
        for value in [
            "",
            "1",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
            "xterm-256color",
            "/home/me/very/long/path/with/Upper/and/Digits/123456",
            "en_GB.UTF-8",
            "https://proxy.example:8080/",
            "unix:path=/run/user/1000/bus",
            "12345678901234567890123456789012345",
            "org.freedesktop.Application1234-with-long-name",
        ] {
            assert!(!is_secret_value(value.as_bytes()), "{value}");
        }
    }
}
