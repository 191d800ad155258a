//! The registry's book: every movement, and the record each key stands at.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use super::address::Address;
use super::consent::Consent;
use super::moment::Local;
use super::population::Population;
use super::transaction::TransactionId;
use super::words::{Channel, Kind, Source, Status};

/// Identity of a record within a brand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) address: Address,
    pub(crate) kind: Kind,
    pub(crate) channel: Channel,
}

/// A brand's place in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BrandNo(pub(crate) u32);

/// A movement's place in the book, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MovementNo(pub(crate) u32);

/// How a movement came into the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Put there through the control endpoint: a citizen, the panel, the past.
    Loaded,
    /// By a single add.
    Single,
    /// By a row of an asynchronous add.
    Row { request: u32, row: u32 },
}

/// One recorded declaration.
#[derive(Debug)]
pub(crate) struct Movement {
    pub(crate) brand: BrandNo,
    pub(crate) key: Key,
    pub(crate) status: Status,
    pub(crate) source: Option<Source>,
    pub(crate) date: Option<Local>,
    pub(crate) created: Local,
    pub(crate) origin: Origin,
    pub(crate) retailer: Option<u64>,
    pub(crate) shared_with: usize,
    fingerprint: u64,
    before: Option<MovementNo>,
}

/// The record a key stands at.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) status: Status,
    pub(crate) source: Option<Source>,
    pub(crate) date: Option<Local>,
    pub(crate) created: Local,
    pub(crate) transaction: TransactionId,
    pub(crate) retailer: Option<u64>,
    pub(crate) shared_with: usize,
}

/// What a declaration loaded by the control endpoint says.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) key: Key,
    pub(crate) status: Status,
    pub(crate) source: Source,
    pub(crate) date: Option<Local>,
    pub(crate) created: Local,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    movements: Vec<Movement>,
    brands: Vec<Shelf>,
    population: Option<Population>,
    same_second: u64,
}

/// One brand's part of the book.
#[derive(Debug, Default)]
struct Shelf {
    /// The newest movement of a key; none: the key certainly has no record,
    /// whatever the population rule says.
    heads: HashMap<Key, Option<MovementNo>>,
    /// The change feed of movements by citizens and by the firm, by creation.
    by_citizens: BTreeSet<(Local, MovementNo)>,
    by_firm: BTreeSet<(Local, MovementNo)>,
    /// Keys standing at ONAY and at RET.
    approvals: u64,
    rejections: u64,
    /// Keys with a record, per channel in the order of [`Channel::ALL`].
    keys: [u64; 3],
}

/// A rule answers for any number of addresses; it is counted as if they were
/// ten million.
const COUNTED_BY_RULE_PER_PCT: u64 = 100_000;

/// The counters of `GET /sps/{iysCode}/brands`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) approvals: u64,
    pub(crate) rejections: u64,
}

impl Book {
    pub(crate) fn open_brand(&mut self) -> BrandNo {
        self.brands.push(Shelf::default());
        BrandNo(number(self.brands.len() - 1))
    }

    pub(crate) fn set_population(&mut self, population: Option<Population>) {
        self.population = population;
    }

    pub(crate) fn len(&self) -> usize {
        self.movements.len()
    }

    /// Keys that got two movements within one second, which İYS files under
    /// one transaction and thereby damages its daily file. A client avoids it.
    pub(crate) fn same_second(&self) -> u64 {
        self.same_second
    }

    pub(crate) fn totals(&self, brand: BrandNo) -> Totals {
        let shelf = self.shelf(brand);
        let by_rule = |pct: fn(&Population) -> u8| {
            self.population
                .as_ref()
                .map_or(0, |rule| u64::from(pct(rule)) * COUNTED_BY_RULE_PER_PCT)
        };
        Totals {
            approvals: shelf.approvals + by_rule(|rule| rule.onay_pct),
            rejections: shelf.rejections + by_rule(|rule| rule.ret_pct),
        }
    }

    pub(crate) fn keys(&self, brand: BrandNo, channel: Channel) -> u64 {
        self.shelf(brand).keys[place(channel)]
    }

    pub(crate) fn movement(&self, at: MovementNo) -> &Movement {
        &self.movements[index(at.0)]
    }

    /// Movements from `after` on, in the order they came in.
    pub(crate) fn from(&self, after: usize) -> impl Iterator<Item = (MovementNo, &Movement)> {
        self.movements
            .iter()
            .enumerate()
            .skip(after)
            .map(|(at, movement)| (MovementNo(number(at)), movement))
    }

    /// The record of a key: an explicit one, else what the population rule gives.
    pub(crate) fn standing(&self, brand: BrandNo, key: &Key) -> Option<Standing> {
        match self.shelf(brand).heads.get(key) {
            Some(head) => head.map(|at| self.standing_at(at)),
            None => self.population.as_ref()?.standing(key),
        }
    }

    /// True when the key stands at ONAY; faster than [`Book::standing`].
    pub(crate) fn is_approved(&self, brand: BrandNo, key: &Key) -> bool {
        match self.shelf(brand).heads.get(key) {
            Some(head) => head.is_some_and(|at| self.movement(at).status == Status::Onay),
            None => self
                .population
                .as_ref()
                .is_some_and(|rule| rule.status(key) == Some(Status::Onay)),
        }
    }

    /// An earlier add of the same content, if one was recorded.
    pub(crate) fn identical(&self, brand: BrandNo, consent: &Consent) -> Option<MovementNo> {
        let wanted = consent.fingerprint();
        self.chain(brand, &consent.key).find(|at| {
            let movement = self.movement(*at);
            movement.origin != Origin::Loaded && movement.fingerprint == wanted
        })
    }

    /// Records a declaration that the rules have let through.
    pub(crate) fn record(
        &mut self,
        brand: BrandNo,
        consent: &Consent,
        origin: Origin,
        created: Local,
    ) -> MovementNo {
        self.append(Movement {
            brand,
            key: consent.key.clone(),
            status: consent.status,
            source: consent.source,
            date: consent.date,
            created,
            origin,
            retailer: consent.retailer,
            shared_with: consent.shared_with.len(),
            fingerprint: consent.fingerprint(),
            before: None,
        })
    }

    /// Puts a declaration in by hand, without judging it.
    pub(crate) fn load(&mut self, brand: BrandNo, loaded: Loaded) -> MovementNo {
        self.append(Movement {
            brand,
            key: loaded.key,
            status: loaded.status,
            source: Some(loaded.source),
            date: loaded.date,
            created: loaded.created,
            origin: Origin::Loaded,
            retailer: None,
            shared_with: 0,
            fingerprint: 0,
            before: None,
        })
    }

    /// Makes sure that a key has no record, also against the population rule.
    pub(crate) fn erase(&mut self, brand: BrandNo, key: Key) {
        let gone = self.shelf(brand).heads.get(&key).copied().flatten();
        if let Some(at) = gone {
            let status = self.movement(at).status;
            let shelf = self.shelf_mut(brand);
            shelf.keys[place(key.channel)] -= 1;
            *shelf.tally(status) -= 1;
        }
        self.shelf_mut(brand).heads.insert(key, None);
    }

    /// The movements of a key, newest consent date first.
    pub(crate) fn history(&self, brand: BrandNo, key: &Key) -> Vec<Standing> {
        let explicit = self.shelf(brand).heads.contains_key(key);
        let mut list: Vec<Standing> = if explicit {
            self.chain(brand, key)
                .map(|at| self.standing_at(at))
                .collect()
        } else {
            self.standing(brand, key).into_iter().collect()
        };
        list.sort_by_key(|one| std::cmp::Reverse(one.date.unwrap_or(one.created)));
        list
    }

    /// Movements after `after` that were created within `window`, oldest first.
    pub(crate) fn changes(
        &self,
        brand: BrandNo,
        by_citizens: bool,
        after: Option<MovementNo>,
        window: (Local, Local),
    ) -> impl Iterator<Item = (MovementNo, &Movement)> {
        let shelf = self.shelf(brand);
        let feed = if by_citizens {
            &shelf.by_citizens
        } else {
            &shelf.by_firm
        };
        let opening = Bound::Included((window.0, MovementNo(0)));
        let start = match after.map(|at| (self.movement(at).created, at)) {
            Some(last) if last.0 >= window.0 => Bound::Excluded(last),
            _ => opening,
        };
        let end = (window.1, MovementNo(u32::MAX));
        let past_the_end =
            matches!(start, Bound::Excluded(last) if last >= end) || window.0 > end.0;
        let range = if past_the_end {
            None
        } else {
            Some(feed.range((start, Bound::Included(end))))
        };
        range
            .into_iter()
            .flatten()
            .map(|(_, at)| (*at, self.movement(*at)))
    }

    /// Movements created within `window`, both ends included, in no promised order.
    pub(crate) fn within(
        &self,
        brand: BrandNo,
        window: (Local, Local),
    ) -> impl Iterator<Item = MovementNo> {
        let span = (window.0, MovementNo(0))..=(window.1, MovementNo(u32::MAX));
        let shelf = self.shelf(brand);
        let feeds = [&shelf.by_citizens, &shelf.by_firm];
        feeds
            .into_iter()
            .flat_map(move |feed| feed.range(span.clone()).map(|(_, at)| *at))
    }

    /// What the key stood at before a movement.
    pub(crate) fn status_before(&self, at: MovementNo) -> Option<Status> {
        let before = self.movement(at).before?;
        Some(self.movement(before).status)
    }

    /// The transaction a movement is filed under: two movements of one key
    /// within one second share the first one's.
    pub(crate) fn filed_under(&self, at: MovementNo) -> TransactionId {
        let created = self.movement(at).created;
        let mut first = at;
        while let Some(before) = self.movement(first).before
            && self.movement(before).created == created
        {
            first = before;
        }
        TransactionId::of_movement(first)
    }

    fn chain(&self, brand: BrandNo, key: &Key) -> impl Iterator<Item = MovementNo> {
        let head = self.shelf(brand).heads.get(key).copied().flatten();
        std::iter::successors(head, |at| self.movement(*at).before)
    }

    fn standing_at(&self, at: MovementNo) -> Standing {
        let movement = self.movement(at);
        Standing {
            status: movement.status,
            source: movement.source,
            date: movement.date,
            created: movement.created,
            transaction: TransactionId::of_movement(at),
            retailer: movement.retailer,
            shared_with: movement.shared_with,
        }
    }

    fn append(&mut self, mut movement: Movement) -> MovementNo {
        let at = MovementNo(number(self.movements.len()));
        let before = self
            .shelf(movement.brand)
            .heads
            .get(&movement.key)
            .copied()
            .flatten();
        let status_before = before.map(|before| self.movement(before).status);
        if before.is_some_and(|before| self.movement(before).created == movement.created) {
            self.same_second += 1;
        }
        movement.before = before;
        let shelf = self.shelf_mut(movement.brand);
        match status_before {
            Some(status) => *shelf.tally(status) -= 1,
            None => shelf.keys[place(movement.key.channel)] += 1,
        }
        *shelf.tally(movement.status) += 1;
        shelf.heads.insert(movement.key.clone(), Some(at));
        let feed = if movement.source.is_some_and(Source::is_citizen) {
            &mut shelf.by_citizens
        } else {
            &mut shelf.by_firm
        };
        feed.insert((movement.created, at));
        self.movements.push(movement);
        at
    }

    fn shelf(&self, brand: BrandNo) -> &Shelf {
        &self.brands[index(brand.0)]
    }

    fn shelf_mut(&mut self, brand: BrandNo) -> &mut Shelf {
        &mut self.brands[index(brand.0)]
    }
}

impl Shelf {
    fn tally(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Onay => &mut self.approvals,
            Status::Ret => &mut self.rejections,
        }
    }
}

fn place(channel: Channel) -> usize {
    match channel {
        Channel::Arama => 0,
        Channel::Mesaj => 1,
        Channel::Eposta => 2,
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("a simulator holds fewer than four billion entries")
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("a 32-bit number is an index")
}
