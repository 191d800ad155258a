//! Lists by cursor: `?limit=` (at most 200, default 50) and `&after=`, the
//! `next` of the page before.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Problem, Where};

/// Rows of a page unless the caller says otherwise.
pub(crate) const LIMIT_DEFAULT: u32 = 50;
/// Most rows of a page.
pub(crate) const LIMIT_MAX: u32 = 200;

/// Which part of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Rows at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; absent at the end.
    pub next: Option<String>,
}

impl Paging {
    /// Rows to read: one more than are shown, which tells whether there is a next page.
    ///
    /// # Errors
    /// A problem that names `limit` when it is outside 1–200.
    pub(crate) fn rows(&self) -> Result<usize, Problem> {
        Ok(self.limit()? + 1)
    }

    /// Where to begin; none for the first page.
    ///
    /// # Errors
    /// A problem that names `after` when the text is no cursor of this list.
    pub(crate) fn after<C: FromStr>(&self) -> Result<Option<C>, Problem> {
        let parsed = self.after.as_deref().map(str::parse).transpose();
        parsed.map_err(|_| Problem::field("after", "cursor"))
    }

    /// The page of rows that [`Paging::rows`] asked for.
    ///
    /// # Errors
    /// See [`Paging::rows`].
    pub(crate) fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        cursor: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Result<Page<T>, Problem> {
        let limit = self.limit()?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(cursor);
        Ok(Page {
            items: rows.into_iter().map(show).collect(),
            next,
        })
    }

    /// Rows that a page shows.
    ///
    /// # Errors
    /// A problem that names `limit` when it is outside 1–200.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if (1..=LIMIT_MAX).contains(&limit) {
            return Ok(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Err(Problem::invalid(vec![Where::told(
            "limit",
            "range",
            format!("1 ile {LIMIT_MAX} arasında olmalı."),
            format!("Must be from 1 to {LIMIT_MAX}."),
        )]))
    }
}

/// Where a page ended that is ordered by several numbers: an instant, then
/// what tells apart the rows of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<const N: usize>(pub(crate) [i64; N]);

impl<const N: usize> fmt::Display for Place<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, number) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{number}")?;
        }
        Ok(())
    }
}

impl<const N: usize> FromStr for Place<N> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Result<Vec<i64>, _> = text.split('.').map(str::parse).collect();
        let numbers = numbers.map_err(drop)?;
        numbers.try_into().map(Self).map_err(drop)
    }
}

impl<T> Page<T> {
    /// A list that always fits one page.
    pub(crate) const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_several_numbers_is_read_back_and_nothing_else_is() {
        let place = Place([-5, 7, i64::MAX]);
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", "1", "1.2", "1.2.3.4", "1.x.3", "1..3"] {
            assert_eq!(text.parse::<Place<3>>(), Err(()), "{text}");
        }
    }

    #[test]
    fn there_is_a_next_page_exactly_when_a_row_was_left_over() {
        let paging = Paging {
            limit: Some(2),
            after: None,
        };
        let page = |rows: Vec<i32>| paging.page(rows, ToString::to_string, |row| row).unwrap();
        assert_eq!(paging.rows().unwrap(), 3);
        assert_eq!(page(vec![1, 2]).next, None);
        let longer = page(vec![1, 2, 3]);
        assert_eq!(
            (longer.items, longer.next),
            (vec![1, 2], Some("2".to_owned()))
        );
        for limit in [0, 201] {
            assert!(
                Paging {
                    limit: Some(limit),
                    after: None
                }
                .rows()
                .is_err()
            );
        }
    }
}
