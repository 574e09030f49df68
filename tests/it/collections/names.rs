//! Names that stall clients' downloads, as people have them. Each prefix is refused with a key and the reason.

use super::server;
use crate::harness::Function;

async fn refusal(prefix: &str, names: &[&str]) -> String {
    let keys: Vec<_> = names.iter().map(|name| format!("sets/{prefix}{name}")).collect();
    let s3 = server(&keys.iter().map(|key| (key.as_str(), 300)).collect::<Vec<_>>()).await;
    let answer = Function::start(&s3, &[]).await.get(&format!("/data/sets/{}", prefix.replace(' ', "%20"))).await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()), "{names:?}");
    answer.document().message
}

#[tokio::test]
async fn a_name_that_clients_cannot_ask_for_or_store_is_refused_and_told_why() {
    let (long, long_japanese) = ("n".repeat(241), format!("{}.t", "日".repeat(81)));
    let (deep, padding) = (["a"; 500].join("/"), "_____padding_file_0_if you see this file, please update");
    for (names, bad, reason) in [
        (&["a//b"][..], "a//b", "is empty"),
        (&["a/"], "a/", "is empty"),
        (&["./b"], "./b", "dots and spaces"),
        (&["../b"], "../b", "dots and spaces"),
        (&["a\u{7}b"], "a\u{fffd}b", "control character"),
        (&["a\\b"], "a\\b", "backslash"),
        (&["a", "a-", "a/b"], "a", "both a file and a folder"),
        (&["a.bin", padding, "b", ".pad/100"], padding, "_____padding_file_"),
        (&["\u{feff}data.csv", "plain"], "\u{feff}data.csv", "U+FEFF"),
        (&["pic\u{200e}.jpg", "plain"], "pic\u{200e}.jpg", "U+200E"),
        (&["family 👨\u{200d}👩\u{200d}👧.jpg"], "family 👨\u{200d}👩\u{200d}👧.jpg", "U+200D"),
        (&["می\u{200c}خوام.mp3", "plain"], "می\u{200c}خوام.mp3", "U+200C"),
        (&["b", &deep], &deep, "more than 100 names"),
        (&[&long, "plain"], &long, "more than 240 bytes"),
        (&[&long_japanese, "plain"], &long_japanese, "more than 240 bytes"),
        (&["...", "a.."], "...", "dots and spaces"),
        (&[" ", "a"], " ", "dots and spaces"),
        (&["..../x", "~"], "..../x", "dots and spaces"),
        (&[". .", "-rf"], ". .", "dots and spaces"),
        (&["README", "readme", "x"], "README", "'sets/p/readme' only in upper and lower case"),
        (&["Data/x", "data"], "Data/x", "'sets/p/data' only in upper and lower case"),
    ] {
        let message = refusal("p/", names).await;
        assert!(message.contains(&format!("'sets/p/{bad}'")) && message.contains(reason), "{message}");
    }
}

#[tokio::test]
async fn the_prefix_s_own_name_is_refused_alike_and_the_folders_above_it_are_not() {
    for (prefix, reason) in [(format!("{}/", "n".repeat(241)), "240 bytes"), ("... /".to_owned(), "dots")] {
        let message = refusal(&prefix, &["a"]).await;
        assert!(message.contains(&format!("'sets/{prefix}a'")) && message.contains(reason), "{message}");
    }
    let above = "a\u{200e}/.../_____padding_file_/x";
    let s3 = server(&[(&format!("{above}/a"), 3), (&format!("{above}/b"), 3)]).await;
    let path = format!("/data/{}/", above.replace('\u{200e}', "%E2%80%8E"));
    let torrent = Function::start(&s3, &[("WEB_SEEDS", "http://h/{key}")]).await.get(&path).await.torrent();
    assert_eq!(torrent.web_seeds, ["http://h/a%E2%80%8E/.../_____padding_file_/"]);
}
