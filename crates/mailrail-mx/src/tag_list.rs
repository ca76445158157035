//! TXT records that are lists of `name=value`, as those of MTA-STS and TLS reports are.

/// The one of `texts` that begins with this version; none where none or several do.
pub(crate) fn select<'a, T: AsRef<[u8]>>(texts: &'a [T], version: &str) -> Option<&'a [u8]> {
    let is_one = |text: &&[u8]| {
        let behind = text.strip_prefix(version.as_bytes());
        behind.is_some_and(|behind| behind.trim_ascii_start().starts_with(b";"))
    };
    let mut ours = texts.iter().map(AsRef::as_ref).filter(is_one);
    let first = ours.next()?;
    ours.next().is_none().then_some(first)
}

/// The fields behind the version; none where one of them is malformed:
///
/// ```text
/// record    = version 1*(delim field) [delim]
/// delim     = *WSP ";" *WSP
/// field     = name "=" 1*(%x21-3A / %x3C / %x3E-7E)
/// name      = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
/// ```
///
/// Values may have `=` and spaces inside, as the URIs of some reports do.
pub(crate) fn fields<'a>(
    text: &'a [u8],
    version: &str,
) -> Option<impl Iterator<Item = (&'a str, &'a str)> + use<'a>> {
    let text = core::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let list = text.strip_prefix(version)?.trim_start_matches(is_space).strip_prefix(';')?;
    let list = list.trim_end_matches(is_space);
    let list = list.strip_suffix(';').unwrap_or(list);
    let split = move || list.split(';').map(|field| field.trim_matches(is_space));
    let parts = |field: &'a str| {
        let (name, value) = field.split_once('=')?;
        let is_value = !value.is_empty() && !value.bytes().any(|b| b.is_ascii_control());
        (is_name(name) && is_value).then_some((name, value))
    };
    split().all(|field| parts(field).is_some()).then(|| split().filter_map(parts))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_name(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}
