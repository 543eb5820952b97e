//! Sessions and their files when clocks jump, programs are cut off and others write.

use super::super::*;
use super::{scratch, start};

#[test]
fn the_clock_may_jump_and_the_numbers_decide() {
    let folder = scratch();
    let mut session = start(folder.path());
    for n in 4..=6 {
        let line = format!(r#"{{"op":"set_spine","variant":{{"n_lumbar":{n}}}}}"#);
        session.perform(&Op::from_line(line.as_bytes()).unwrap(), &NoImages).unwrap();
    }
    session.undo().unwrap();
    let (path, document) = (session.path().to_owned(), session.document().clone());
    drop(session);
    // The same entries, written while the clock jumped back and forward.
    let whole = std::fs::read(&path).unwrap();
    let mut lines = whole.split_inclusive(|b| *b == b'\n');
    let header: Header = serde_json::from_slice(lines.next().unwrap()).unwrap();
    let (mut text, mut last) = seal(&Header { utc: "2107-01-01T00:00:00.000Z".to_owned(), ..header }).unwrap();
    for (n, line) in lines.enumerate() {
        let mut entry: Entry = serde_json::from_slice(line).unwrap();
        entry.utc =
            ["1970-01-01T00:00:00.000Z", "2099-12-31T23:59:59.999Z", "2001-01-01T00:00:00.000Z"][n % 3].to_owned();
        entry.prev = last;
        let (line, hash) = seal(&entry).unwrap();
        text.extend_from_slice(&line);
        last = hash;
    }
    std::fs::write(&path, text).unwrap();
    let mut session = Session::open(&path, Access::Write).unwrap().session;
    assert!(*session.document() == document);
    assert_eq!((session.undo_name(), session.redo_name()), (Some("Set numbering"), Some("Set numbering")));
    session.redo().unwrap();
    assert_eq!(session.document().spine.n_lumbar, Some(6), "redo brings the last entry, whatever its time");
    drop(session);
    let mut audit = Audit::default();
    audit.follow(&Session::open(&path, Access::Read).unwrap().session);
    assert!(audit.rows().windows(2).all(|w| w[0].seq + 1 == w[1].seq));
}

#[test]
fn a_sitting_that_was_cut_off_is_told_from_one_that_ended() {
    let folder = scratch();
    let mut session = start(folder.path());
    let path = session.path().to_owned();
    let now = Instant::now();
    session.sign_of_life(now);
    session.sign_of_life(now + Duration::from_secs(5));
    let n = session.perform(&Op::SetSpine { variant: Default::default() }, &NoImages).unwrap();
    session.wait_durable(n).unwrap();
    let ending = || summary::summary(&path).unwrap().ending;
    assert_eq!(ending(), Ending::Open);
    let as_killed = std::fs::read(&path).unwrap();
    drop(session);
    assert_eq!(ending(), Ending::Closed);
    std::fs::write(&path, as_killed).unwrap();
    assert_eq!(ending(), Ending::CutOff);
    let session = Session::open(&path, Access::Write).unwrap().session;
    assert_eq!(session.active_time(), Duration::from_secs(5), "the time read before the end counts");
    drop(session);
    assert_eq!(ending(), Ending::Closed, "looked at without a hand on it, by a program without a window");
}

#[test]
fn what_others_do_to_the_file_is_seen() {
    let folder = scratch();
    let mut session = start(folder.path());
    let n = session.perform(&Op::SetSpine { variant: Default::default() }, &NoImages).unwrap();
    session.wait_durable(n).unwrap();
    let reading = Session::open(session.path(), Access::Read).unwrap().session;
    assert!(session.changed_on_disk().is_none() && reading.changed_on_disk().is_none());
    let n = session.undo().unwrap();
    session.wait_durable(n).unwrap();
    assert!(session.changed_on_disk().is_none());
    assert!(reading.changed_on_disk().unwrap().contains("written to by another program"));
    let copy = std::fs::read(session.path()).unwrap();
    std::fs::remove_file(session.path()).unwrap();
    assert!(session.changed_on_disk().unwrap().contains("not there any more"));
    std::fs::write(session.path(), copy).unwrap();
    assert!(session.changed_on_disk().unwrap().contains("replaced"));
}
