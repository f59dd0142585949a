//! Archives as makers export them: which of thousands of members can be an ECG.
//!
//! Within a known export only those members are looked at, so that gigabytes of steps and routes cost nothing.

use super::Entry;

/// An export by the member that tells it, and its members that are wanted. Both see the path in lower case.
struct Export {
    tells: fn(&str) -> bool,
    wanted: fn(&str) -> bool,
}

/// Known exports. Names beside the maker's own are translated to the user's language, so only these are relied on.
static EXPORTS: [Export; 4] = [
    // Apple Health: `apple_health_export/electrocardiograms/ecg_2024-05-01.csv`.
    Export {
        tells: |path| path.contains("/electrocardiograms/") && path.ends_with(".csv"),
        wanted: |path| path.contains("/electrocardiograms/") && path.ends_with(".csv"),
    },
    // Samsung Health: tables by data type, and strips as PDF in the folder of theirs.
    Export {
        tells: |path| file_name(path).starts_with("com.samsung."),
        wanted: speaks_of_ecg,
    },
    // Withings: one table for all strips.
    Export {
        tells: |path| file_name(path) == "signal.csv",
        wanted: |path| file_name(path) == "signal.csv",
    },
    // Google Takeout.
    Export {
        tells: |path| path.trim_start_matches('/').starts_with("takeout/"),
        wanted: speaks_of_ecg,
    },
];

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a path speaks of an ECG.
fn speaks_of_ecg(path: &str) -> bool {
    ["ecg", "ekg", "electrocardiogra", "心电", "心電"]
        .iter()
        .any(|word| path.contains(word))
}

/// Keeps the members of a known export that can be ECGs; of any other archive all, those first whose name speaks of an
/// ECG. `archive` is the name that stands before each path.
pub fn keep_wanted(members: &mut Vec<Entry>, archive: &str) {
    let path = |member: &Entry| {
        let path = member.name.strip_prefix(archive);
        path.unwrap_or(&member.name).to_lowercase()
    };
    for export in &EXPORTS {
        let told = members.iter().any(|member| (export.tells)(&path(member)));
        if told && members.iter().any(|member| (export.wanted)(&path(member))) {
            members.retain(|member| (export.wanted)(&path(member)));
            members.sort_by(|a, b| a.name.cmp(&b.name));
            return;
        }
    }
    members.sort_by_key(|member| !speaks_of_ecg(&path(member)));
}

/// Whether a path is of an Apple Health export.
pub fn is_apple_health(path: &str) -> bool {
    path.contains("apple_health_export/") || file_name(path) == "export_cda.xml"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(names: &[&str]) -> Vec<String> {
        let mut members = names
            .iter()
            .map(|name| Entry::from_bytes(&format!("a.zip/{name}"), *b"x"))
            .collect();
        keep_wanted(&mut members, "a.zip");
        let path = |entry: Entry| entry.name["a.zip/".len()..].to_owned();
        members.into_iter().map(path).collect()
    }

    #[test]
    fn only_what_can_be_an_ecg_is_kept_of_a_known_export() {
        for (names, wanted) in [
            (
                &[
                    "apple_health_export/export.xml",
                    "apple_health_export/electrocardiograms/ecg_2.csv",
                    "apple_health_export/electrocardiograms/ecg_1.csv",
                ][..],
                &[
                    "apple_health_export/electrocardiograms/ecg_1.csv",
                    "apple_health_export/electrocardiograms/ecg_2.csv",
                ][..],
            ),
            (
                &[
                    "s/com.samsung.shealth.step.csv",
                    "s/files/com.samsung.health.ecg/1.data.pdf",
                ],
                &["s/files/com.samsung.health.ecg/1.data.pdf"],
            ),
            (&["weight.csv", "signal.csv"], &["signal.csv"]),
            (
                &["Takeout/Fitbit/steps.json", "Takeout/Fitbit/ECG/a.json"],
                &["Takeout/Fitbit/ECG/a.json"],
            ),
            // No export: nothing is left out, and names only decide what is looked at first.
            (&["b.dat", "my_ecg.csv"], &["my_ecg.csv", "b.dat"]),
        ] {
            assert_eq!(kept(names), wanted);
        }
    }
}
