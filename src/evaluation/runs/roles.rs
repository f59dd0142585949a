//! What the marks of a file mean for runs of one kind.

use super::RunKind;
use crate::evaluation::{Mark, Marks, Rhythm};
use crate::recording::BeatCode;

/// What a mark means for runs of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A beat of the kind.
    Ectopic,
    /// Any other beat.
    Break,
    /// An unreadable stretch begins.
    Unreadable,
    /// An episode begins that counts as the longest run.
    Begins,
    /// That episode ends.
    Ends,
    /// An episode of the other kind begins.
    OtherBegins,
    /// That of the other kind ends.
    OtherEnds,
}

/// The rhythm that marks have led to. An episode of one kind ends that of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Episode {
    Atrial,
    Ventricular,
}

/// The marks that bear on runs of a kind, in order of time.
pub fn roles(marks: &Marks, kind: RunKind) -> Vec<(i64, Role)> {
    let own = match kind {
        RunKind::Ventricular => Episode::Ventricular,
        RunKind::Supraventricular => Episode::Atrial,
    };
    let mut now = None;
    let role = |&(at, mark): &(i64, Mark)| {
        let before = now;
        now = after(now, mark);
        let role = match mark {
            Mark::Beat(class) if is_ectopic(class, kind, now) => Role::Ectopic,
            Mark::Beat(_) => Role::Break,
            Mark::Unreadable => Role::Unreadable,
            _ if now == before => return None,
            _ if now == Some(own) => Role::Begins,
            _ if now.is_some() => Role::OtherBegins,
            _ if before == Some(own) => Role::Ends,
            _ => Role::OtherEnds,
        };
        Some((at, role))
    };
    marks.all.iter().filter_map(role).collect()
}

fn after(now: Option<Episode>, mark: Mark) -> Option<Episode> {
    match mark {
        Mark::Beat(_) | Mark::Unreadable => now,
        Mark::FlutterOn | Mark::Rhythm(Rhythm::VentricularFlutter) => Some(Episode::Ventricular),
        Mark::FlutterOff => now.filter(|&episode| episode != Episode::Ventricular),
        Mark::Rhythm(rhythm) => rhythm.is_atrial().then_some(Episode::Atrial),
    }
}

fn is_ectopic(class: BeatCode, kind: RunKind, now: Option<Episode>) -> bool {
    match (kind, class) {
        (RunKind::Ventricular, BeatCode::V | BeatCode::F)
        | (RunKind::Supraventricular, BeatCode::S) => true,
        (RunKind::Supraventricular, BeatCode::N) => now == Some(Episode::Atrial),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::ClassMap;
    use crate::evaluation::testing::annotations;
    use Role::{Begins, Break, Ectopic, Ends, OtherBegins, OtherEnds, Unreadable};
    use RunKind::{Supraventricular, Ventricular};

    fn read(text: &str, kind: RunKind) -> Vec<Role> {
        let marks = Marks::of_annotations(&annotations(text), ClassMap::Bxb, 15);
        roles(&marks, kind)
            .into_iter()
            .map(|(_, role)| role)
            .collect()
    }

    #[test]
    fn beats_are_ectopic_by_kind_and_rhythm() {
        let text = "10N 20A 30V 40F 50Q 60+(AFL 70N 80V 90Q";
        let ventricular = [
            Break,
            Break,
            Ectopic,
            Ectopic,
            Break,
            OtherBegins,
            Break,
            Ectopic,
            Break,
        ];
        assert_eq!(read(text, Ventricular), ventricular);
        let supraventricular = [
            Break, Ectopic, Break, Break, Break, Begins, Ectopic, Break, Break,
        ];
        assert_eq!(read(text, Supraventricular), supraventricular);
    }

    #[test]
    fn an_episode_of_one_kind_takes_the_place_of_the_other() {
        let text = "10+(AFIB 20[ 30] 40+(AFIB 50+(VFL 60+(AFL 70+(N";
        let ventricular = [
            OtherBegins,
            Begins,
            Ends,
            OtherBegins,
            Begins,
            OtherBegins,
            OtherEnds,
        ];
        assert_eq!(read(text, Ventricular), ventricular);
    }

    #[test]
    fn a_mark_that_changes_nothing_means_nothing() {
        let text = "10+(AFIB 20+(AFL 25+ 30] 40+(N 50+(B 60~-1 70~48";
        assert_eq!(read(text, Supraventricular), [Begins, Ends, Unreadable]);
    }
}
