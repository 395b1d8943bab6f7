//! URL templates: an address with `{name}` where an argument goes.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

/// Everything but the unreserved characters of RFC 3986: whatever an argument holds, it
/// stays within its place.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const NAME_MAX: usize = 64;

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    Placeholder { name: &'a str, in_query: bool },
}

impl<'a> UrlTemplate<'a> {
    /// Reads a template.
    ///
    /// Scheme, host and port must be written out, for otherwise the model would choose
    /// whom the tool's credentials are sent to.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        if text.contains('#') {
            return Err("a fragment (`#…`) is never sent; leave it out".to_owned());
        }
        // URL parsers drop tabs and line ends wherever they stand; what remains could mean
        // something else than what was checked.
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err("it must not hold spaces or control characters; write them as %20".to_owned());
        }
        let origin_end = origin_end(text)?;
        let mut parts = Vec::new();
        let mut rest = text;
        let mut in_query = false;
        while let Some(open) = rest.find(['{', '}']) {
            let at = text.len() - rest.len() + open;
            let literal = &rest[..open];
            let close = rest[open..].find('}').map(|close| open + close);
            let (true, Some(close)) = (rest[open..].starts_with('{'), close) else {
                return Err(format!("a `{}` without its other half", &rest[open..=open]));
            };
            let name = &rest[open + 1..close];
            if at < origin_end {
                return Err(format!("`{{{name}}}` stands in the scheme or host, which must be written out"));
            }
            check_name(name)?;
            in_query |= literal.contains('?');
            parts.push(Part::Literal(literal));
            parts.push(Part::Placeholder { name, in_query });
            rest = &rest[close + 1..];
        }
        parts.push(Part::Literal(rest));
        let template = Self { parts };
        template.check_as_url()?;
        Ok(template)
    }

    /// The names of the arguments it takes.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder { name, .. } => Some(*name),
            Part::Literal(_) => None,
        })
    }

    /// Scheme, host and port, the same for every spelling of them.
    pub fn origin(&self) -> String {
        let written = match self.parts.first() {
            Some(Part::Literal(literal)) => literal,
            _ => "",
        };
        Url::parse(written).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// The address for these arguments. Those it uses are taken out of them.
    ///
    /// # Errors
    /// What is missing of the arguments, or wrong with them.
    pub fn fill(&self, arguments: &mut Map<String, Value>) -> Result<Url, String> {
        let mut address = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => address.push_str(literal),
                Part::Placeholder { name, in_query } => {
                    let value = arguments.get(*name).filter(|value| !value.is_null());
                    let value = value.ok_or_else(|| format!("the argument `{name}` is missing"))?;
                    let text = argument_text(value);
                    // `/users/` is another place than `/users/7`.
                    if text.is_empty() && !in_query {
                        return Err(format!("the argument `{name}` is empty"));
                    }
                    address.extend(utf8_percent_encode(&text, RESERVED));
                }
            }
        }
        if has_dot_segment(&address) {
            return Err("an argument must not be `.` or `..`".to_owned());
        }
        for name in self.names() {
            arguments.shift_remove(name);
        }
        Url::parse(&address).map_err(|error| format!("the arguments make no URL: {error}"))
    }

    /// Whether it is an address once it is filled.
    fn check_as_url(&self) -> Result<(), String> {
        let filled: String = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Literal(literal) => literal,
                Part::Placeholder { .. } => "x",
            })
            .collect();
        if has_dot_segment(&filled) {
            return Err("the path must not hold `.` or `..`".to_owned());
        }
        let url = Url::parse(&filled).map_err(|error| format!("not a URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL must not hold a user name or password; send credentials in a header".to_owned());
        }
        Ok(())
    }
}

/// An argument as it stands in a URL.
pub fn argument_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Where scheme, host and port end.
fn origin_end(text: &str) -> Result<usize, String> {
    let authority = ["https://", "http://"]
        .iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        .map(|scheme| scheme.len())
        .ok_or("it must begin with https:// or http://")?;
    // `\` is a slash to URL parsers.
    match text[authority..].find(['/', '?', '\\']) {
        // To URL parsers, `https:///a` is `https://a`.
        Some(0) => Err("it names no host".to_owned()),
        Some(length) => Ok(authority + length),
        None => Ok(text.len()),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(is_plain) {
        return Err(format!(
            "`{{{name}}}` is no placeholder: a name has 1 to {NAME_MAX} letters, digits, `_`, `-` or `.`"
        ));
    }
    Ok(())
}

/// Whether the path holds a segment that parsers take for "here" or "up", in any spelling.
fn has_dot_segment(address: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    path.split(['/', '\\']).any(|segment| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == "." || plain == ".."
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(template: &str, arguments: Value) -> Result<String, String> {
        let Value::Object(mut arguments) = arguments else { panic!("arguments are an object") };
        let url = UrlTemplate::parse(template)?.fill(&mut arguments)?;
        Ok(format!("{url} {}", Value::Object(arguments)))
    }

    #[test]
    fn arguments_stay_in_their_place() {
        let check =
            |template, arguments, expected: &str| assert_eq!(fill(template, arguments).as_deref(), Ok(expected));
        check("https://a.test/x", json!({"k": 1}), r#"https://a.test/x {"k":1}"#);
        check("https://a.test/u/{id}", json!({"id": 7, "k": 1}), r#"https://a.test/u/7 {"k":1}"#);
        check("https://a.test/u/{id}", json!({"id": "a/b?c#d"}), "https://a.test/u/a%2Fb%3Fc%23d {}");
        check("https://a.test/u/{id}", json!({"id": "../admin"}), "https://a.test/u/..%2Fadmin {}");
        check("https://a.test/u/{id}", json!({"id": "%2e%2e"}), "https://a.test/u/%252e%252e {}");
        check("https://a.test/{id}.json", json!({"id": "zwölf 雪"}), "https://a.test/zw%C3%B6lf%20%E9%9B%AA.json {}");
        check("https://a.test/?q={q}", json!({"q": "a&b=c+d"}), "https://a.test/?q=a%26b%3Dc%2Bd {}");
        check("https://a.test/?q={q}", json!({"q": ""}), "https://a.test/?q= {}");
        check("https://a.test?q={q}", json!({"q": true}), "https://a.test/?q=true {}");
        check("https://a.test/{x}/{x}", json!({"x": "1"}), "https://a.test/1/1 {}");
    }

    #[test]
    fn arguments_that_would_lead_elsewhere_are_refused() {
        let refuse = |template, arguments, part: &str| {
            let refused = fill(template, arguments).unwrap_err();
            assert!(refused.contains(part), "{refused}");
        };
        refuse("https://a.test/u/{id}", json!({}), "`id` is missing");
        refuse("https://a.test/u/{id}", json!({"id": null}), "`id` is missing");
        refuse("https://a.test/u/{id}", json!({"id": ""}), "`id` is empty");
        refuse("https://a.test/u/{id}", json!({"id": ".."}), "`..`");
        refuse("https://a.test/u/{a}{b}/x", json!({"a": ".", "b": "."}), "`..`");
    }

    #[test]
    fn the_origin_is_the_same_however_it_is_written() {
        let origin = |template: &str| UrlTemplate::parse(template).unwrap().origin();
        for same in ["https://a.test/u/{id}", "HTTPS://A.test:443", "https://a.test?q={q}", "https://a.test\\{path}"] {
            assert_eq!(origin(same), "https://a.test");
        }
        for other in ["http://a.test/", "https://a.test:444/", "https://b.test/", "https://a.test.b/"] {
            assert_ne!(origin(other), "https://a.test");
        }
    }

    #[test]
    fn templates_that_leave_the_host_open_are_refused() {
        for template in [
            "",
            "a.test/x",
            "{url}",
            "https://{host}/",
            "https://a.{tenant}.test/",
            "https://a.test{path}",
            "https://a.test:{port}/",
            "https://{user}@a.test/",
            "https://user:pass@a.test/",
            "{scheme}://a.test/",
            "ftp://a.test/",
            "https:///x",
            "https:///{host}",
            "https://\\{host}",
            "https://\t/{host}",
            "https://a.test/ {x}",
            "https://a.test/{",
            "https://a.test/}",
            "https://a.test/{}",
            "https://a.test/{a b}",
            "https://a.test/{a}#f",
            "https://a.test/../x",
            "https://a.test/%2e%2e/x",
        ] {
            assert!(UrlTemplate::parse(template).is_err(), "{template}");
        }
        assert!(UrlTemplate::parse("https://a.test\\{path}").is_ok());
    }
}
