//! A torrent with more peers than are read at once.

use std::collections::BTreeSet;

use serde_bytes::ByteBuf;

use super::clients::{Client, TORRENT, Tracker};

const PEERS: u16 = 450;

#[tokio::test]
async fn reads_stay_bounded_and_everybody_is_found() {
    let tracker = Tracker::start().await;
    for port in 1..=PEERS {
        let address = format!("192.0.2.1:{port}");
        let client = if port % 3 == 0 { Client::seed(&address) } else { Client::leecher(&address) };
        tracker.announce(client, "&numwant=0").await;
    }
    tracker.table.take_calls();
    let (mut found, mut complete, mut incomplete) = (BTreeSet::new(), 0, 0);
    for _ in 0..100 {
        let told = tracker.announce(Client::leecher("198.51.100.1:1"), "&numwant=100").await;
        let peers = told.peers();
        assert_eq!(peers.len(), 100);
        found.extend(peers);
        complete += told.complete;
        incomplete += told.incomplete;
    }
    assert_eq!(found.len(), usize::from(PEERS));
    let (complete, incomplete) = (complete / 100, incomplete / 100);
    assert!((130..=170).contains(&complete) && (260..=340).contains(&incomplete), "{complete} {incomplete}");
    let reads: Vec<_> = tracker.table.take_calls().into_iter().filter(|(operation, _)| operation == "Query").collect();
    assert_eq!(reads.len(), 200);
    assert!(reads.iter().all(|(_, input)| input["Limit"] == 200 && input["ConsistentRead"] == false));
    let scraped = &tracker.scrape(&[TORRENT]).await.files[&ByteBuf::from(TORRENT)];
    assert!((75..=300).contains(&scraped.complete), "{scraped:?}");
}
