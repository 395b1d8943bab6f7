//! People who log in: who they are, as whom they come in, and that no organization can say so
//! for another.

use domain::change::{Change, ChangeSet};
use domain::key::KeyHash;
use domain::org::Member;
use domain::person::{Identity, Link, LinkKind, Login, PasswordHash, Person, PersonChange};
use domain::{MemberId, PersonId};
use jiff::SignedDuration;
use ports::Refusal;

use super::stage::{fresh, member, never, now};
use super::{Stage, Tenant};

fn person(email: &str) -> Person {
    Person { id: fresh(), email: email.into(), password: Some(password()), version: 1, created_at: now() }
}

fn password() -> PasswordHash {
    PasswordHash { memory_kib: 8, passes: 1, salt: [1; 16], hash: [2; 32] }
}

fn login(person: PersonId, member: MemberId, hash: u8) -> Login {
    Login::new(fresh(), person, member, KeyHash([hash; 32]), now())
}

fn begun(login: Login) -> PersonChange {
    PersonChange::InsertLogin { login, version: 1 }
}

fn of(changes: impl IntoIterator<Item = PersonChange>) -> ChangeSet {
    ChangeSet::of(changes.into_iter().map(Change::Person))
}

/// A person who logs in as this tenant's owner.
async fn joined(tenant: &Tenant, email: &str) -> Person {
    let person = person(email);
    let join = PersonChange::Join { member: tenant.owner.id, person: person.id };
    tenant.store.commit(of([PersonChange::Insert(person.clone()), join])).await.unwrap();
    person
}

pub async fn an_address_is_one_persons_who_comes_in_as_one_member(stage: Stage) {
    let (ours, people) = (&stage.ours, stage.store.people());
    assert!(!people.has_owner().await.unwrap());
    let ada = joined(ours, "Ada@example.com").await;
    assert!(people.has_owner().await.unwrap());
    assert_eq!(people.find_person_by_email("ADA@EXAMPLE.COM").await.unwrap().as_ref(), Some(&ada));
    assert_eq!(people.find_person_by_email("ada@example").await.unwrap(), None);
    let same = of([PersonChange::Insert(person("aDa@example.com"))]);
    assert_eq!(stage.theirs.refusal(same).await, Refusal::Exists);

    let second = member("second");
    ours.commit([Change::InsertMember(second.clone())]).await;
    let twice = of([PersonChange::Join { member: second.id, person: ada.id }]);
    assert_eq!(ours.refusal(twice).await, Refusal::Exists, "one person is one member");
    let eva = person("eva@example.com");
    ours.store.commit(of([PersonChange::Insert(eva.clone())])).await.unwrap();
    for (member, person) in [(ours.owner.id, eva.id), (second.id, never()), (never(), eva.id)] {
        let refused = ours.refusal(of([PersonChange::Join { member, person }])).await;
        assert_eq!(refused, Refusal::Missing, "{member} {person}");
    }
    // Nobody logs in as one who left, and the person may come again.
    ours.commit([Change::Person(PersonChange::Join { member: second.id, person: eva.id })]).await;
    assert_eq!(ours.store.find_person_of(second.id).await.unwrap(), Some(eva.id));
    ours.commit([Change::PutMember(Member { name: "Second".into(), ..second.clone() })]).await;
    assert_eq!(people.list_memberships(eva.id).await.unwrap().len(), 1, "another name is no matter");
    ours.commit([Change::PutMember(Member { removed_at: Some(now()), ..second })]).await;
    assert_eq!(people.list_memberships(eva.id).await.unwrap(), []);
    let third = member("third");
    let again = Change::Person(PersonChange::Join { member: third.id, person: eva.id });
    ours.commit([Change::InsertMember(third), again]).await;
}

pub async fn a_person_changes_under_their_version(stage: Stage) {
    let (ours, people) = (&stage.ours, stage.store.people());
    let ada = joined(ours, "ada@example.com").await;
    let link = Link::new(ours.owner.id, KeyHash([7; 32]), LinkKind::Reset, None, now());
    ours.store.commit(of([PersonChange::PutLink(link.clone())])).await.unwrap();
    let other = PasswordHash { hash: [9; 32], ..password() };
    let (next, put) = ada.clone().with_password(other);
    ours.store.commit(of([put.clone()])).await.unwrap();
    assert_eq!(people.find_person(ada.id).await.unwrap(), Some(next));
    assert_eq!(people.find_link(link.hash).await.unwrap(), None, "their links are over");
    assert_eq!(ours.refusal(of([put])).await, Refusal::Missing, "it came too late");
    let late = of([begun(login(ada.id, ours.owner.id, 8))]);
    assert_eq!(ours.refusal(late).await, Refusal::Missing, "who proved it by the old password");
}

pub async fn a_login_lasts_until_it_is_over(stage: Stage) {
    let (ours, people) = (&stage.ours, stage.store.people());
    let ada = joined(ours, "ada@example.com").await;
    let [first, second] = [1, 2].map(|hash| login(ada.id, ours.owner.id, hash));
    let begin = [&first, &second].map(|login| begun(login.clone()));
    ours.store.commit(of(begin)).await.unwrap();
    let found = people.find_login(first.hash).await.unwrap().unwrap();
    assert_eq!((found.org, &found.login, &found.member), (ours.org, &first, &ours.owner));
    let used = Login { last_used_at: now() + SignedDuration::from_secs(60), ..first.clone() };
    ours.store.commit(of([PersonChange::TouchLogin { login: first.id, at: used.last_used_at }])).await.unwrap();
    assert_eq!(ours.store.find_login(first.id).await.unwrap(), Some((used.clone(), ours.owner.clone())));
    assert_eq!(people.list_logins(ada.id).await.unwrap(), [used, second.clone()]);
    for _ in 0..2 {
        ours.store.commit(of([PersonChange::EndLogin { person: ada.id, login: first.id }])).await.unwrap();
    }
    assert_eq!(people.find_login(first.hash).await.unwrap(), None);
    let taken = of([PersonChange::TakeLogin { person: ada.id, login: first.id }]);
    assert_eq!(ours.refusal(taken).await, Refusal::Missing, "nothing takes the place of what is over");
    assert!(people.find_login(second.hash).await.unwrap().is_some());
    ours.store.commit(of([PersonChange::EndLogins(ada.id)])).await.unwrap();
    assert_eq!(people.list_logins(ada.id).await.unwrap(), []);
    let nobodys = of([begun(login(never(), ours.owner.id, 3))]);
    assert_eq!(ours.refusal(nobodys).await, Refusal::Missing);

    // What is over makes room.
    let old = Login { expires_at: now() - SignedDuration::from_secs(1), ..login(ada.id, ours.owner.id, 4) };
    ours.store.commit(of([begun(old.clone())])).await.unwrap();
    ours.store.commit(of([begun(login(ada.id, ours.owner.id, 5))])).await.unwrap();
    assert_eq!(people.find_login(old.hash).await.unwrap(), None);
}

pub async fn a_link_is_used_once_and_a_member_has_one(stage: Stage) {
    let (ours, people) = (&stage.ours, stage.store.people());
    let [first, second] =
        [1, 2].map(|hash| Link::new(ours.owner.id, KeyHash([hash; 32]), LinkKind::Owner, Some(ours.owner.id), now()));
    for link in [&first, &second] {
        ours.store.commit(of([PersonChange::PutLink(link.clone())])).await.unwrap();
    }
    assert_eq!(people.find_link(first.hash).await.unwrap(), None);
    let found = people.find_link(second.hash).await.unwrap().unwrap();
    assert_eq!((found.org.id, &found.link, found.person), (ours.org, &second, None));
    let used = |link: &Link| of([PersonChange::UseLink { member: link.member, hash: link.hash }]);
    assert_eq!(ours.refusal(used(&first)).await, Refusal::Missing);
    ours.store.commit(used(&second)).await.unwrap();
    assert_eq!(ours.refusal(used(&second)).await, Refusal::Missing);
}

fn identity(issuer: &str, subject: &str, person: PersonId) -> PersonChange {
    PersonChange::Identify(Identity { issuer: issuer.into(), subject: subject.into(), person, created_at: now() })
}

pub async fn what_an_issuer_calls_somebody_is_one_person_for_ever(stage: Stage) {
    let (ours, people) = (&stage.ours, stage.store.people());
    let (ada, eva) = (joined(ours, "ada@example.com").await, person("eva@example.com"));
    ours.store.commit(of([PersonChange::Insert(eva.clone())])).await.unwrap();
    ours.store.commit(of([identity("https://a", "1", ada.id), identity("https://b", "1", eva.id)])).await.unwrap();
    let found = async |issuer: &str, subject: &str| {
        people.find_person_by_identity(issuer, subject).await.unwrap().map(|person| person.id)
    };
    assert_eq!(found("https://a", "1").await, Some(ada.id));
    assert_eq!(found("https://b", "1").await, Some(eva.id), "each issuer has its own names");
    assert_eq!((found("https://a", "2").await, found("https://A", "1").await), (None, None));
    // Somebody else's name, and another name of the same person.
    for taken in [identity("https://a", "1", eva.id), identity("https://a", "2", ada.id)] {
        assert_eq!(ours.refusal(of([taken.clone()])).await, Refusal::Exists, "{taken:?}");
    }
    assert_eq!(ours.refusal(of([identity("https://a", "3", never())])).await, Refusal::Missing);
    ours.store.commit(of([identity("https://b", "2", ada.id)])).await.unwrap();
    let known: Vec<_> = people.list_identities(ada.id).await.unwrap().into_iter().map(|known| known.issuer).collect();
    assert_eq!(known, ["https://a", "https://b"]);
    ours.store.commit(of([PersonChange::ForgetIdentities(ada.id)])).await.unwrap();
    assert_eq!((found("https://a", "1").await, found("https://b", "1").await), (None, Some(eva.id)));
}

pub async fn who_waits_is_found_by_their_address(stage: Stage) {
    let (ours, theirs, people) = (&stage.ours, &stage.theirs, stage.store.people());
    let [first, second, third] = ["ada", "ada", "eva"].map(member);
    ours.commit([Change::InsertMember(first.clone()), Change::InsertMember(third.clone())]).await;
    theirs.commit([Change::InsertMember(second.clone())]).await;
    let waiting = async || {
        let found = people.list_waiting(&first.email.to_uppercase()).await.unwrap();
        found.into_iter().map(|place| (place.org.id, place.member.id)).collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, [(ours.org, first.id), (theirs.org, second.id)]);
    let ada = person("ada@elsewhere.example");
    let join = PersonChange::Join { member: first.id, person: ada.id };
    ours.store.commit(of([PersonChange::Insert(ada), join])).await.unwrap();
    assert_eq!(waiting().await, [(theirs.org, second.id)]);
    theirs.commit([Change::PutMember(Member { removed_at: Some(now()), ..second })]).await;
    assert_eq!(waiting().await, []);
}

pub async fn no_organization_lets_somebody_in_to_another(stage: Stage) {
    let (ours, theirs, people) = (&stage.ours, &stage.theirs, stage.store.people());
    let ada = joined(theirs, "ada@example.com").await;
    let session = login(ada.id, theirs.owner.id, 1);
    let link = Link::new(theirs.owner.id, KeyHash([2; 32]), LinkKind::Reset, None, now());
    let made = [begun(session.clone()), PersonChange::PutLink(link.clone())];
    theirs.store.commit(of(made)).await.unwrap();
    let eva = person("eva@example.com");
    ours.store.commit(of([PersonChange::Insert(eva.clone())])).await.unwrap();
    for change in [
        PersonChange::Join { member: theirs.owner.id, person: eva.id },
        begun(login(ada.id, theirs.owner.id, 3)),
        PersonChange::PutLink(Link { hash: KeyHash([4; 32]), ..link.clone() }),
        PersonChange::UseLink { member: link.member, hash: link.hash },
    ] {
        assert_eq!(ours.refusal(of([change.clone()])).await, Refusal::Missing, "{change:?}");
    }
    ours.store.commit(of([PersonChange::TouchLogin { login: session.id, at: jiff::Timestamp::MAX }])).await.unwrap();
    ours.store.commit(of([PersonChange::EndLogin { person: eva.id, login: session.id }])).await.unwrap();
    assert_eq!(ours.store.find_login(session.id).await.unwrap(), None);
    assert_eq!(ours.store.find_person_of(theirs.owner.id).await.unwrap(), None);
    assert_eq!(theirs.store.find_login(session.id).await.unwrap(), Some((session, theirs.owner.clone())));
    assert!(people.find_link(link.hash).await.unwrap().is_some());
}
