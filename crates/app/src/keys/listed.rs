//! Keys as people look at them: with whose they are, and what they may spend.

use std::collections::HashMap;

use domain::KeyId;
use domain::budget::{Account, AccountId};
use domain::key::{Key, Scope};
use domain::org::Member;

use super::is_seen_by;
use crate::error::Error;
use crate::{App, Ctx};

/// A key, and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct MadeKey {
    /// It.
    pub key: Key,
    /// The person it acts as.
    pub maker: Member,
    /// What may be and was spent with it, if it has a budget.
    pub account: Option<Account>,
}

/// Which keys, and how many. The newest come first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Revoked ones too.
    pub include_revoked: bool,
    /// Only what was made before this one.
    pub after: Option<KeyId>,
    /// At most this many.
    pub limit: usize,
}

impl App {
    /// Keys, as [`App::list_keys`] shows them to the caller, page by page.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn page_keys(&self, ctx: &Ctx, filter: KeyFilter) -> Result<Vec<MadeKey>, Error> {
        let mut keys = self.list_keys(ctx).await?;
        keys.reverse();
        if let Some(after) = filter.after {
            // Keys stay for good. What is none of the caller's has nothing behind it.
            let behind = keys.iter().position(|key| key.id == after).map_or(keys.len(), |at| at + 1);
            keys.drain(..behind);
        }
        keys.retain(|key| filter.include_revoked || key.revoked_at.is_none());
        keys.truncate(filter.limit);
        let members = self.store(ctx.org).list_members().await?;
        let members: HashMap<_, _> = members.into_iter().map(|member| (member.id, member)).collect();
        let mut made = Vec::with_capacity(keys.len());
        for key in keys {
            let maker = members.get(&key.creator).cloned().ok_or_else(|| Error::not_found(key.creator))?;
            made.push(self.with_account(ctx, key, maker).await?);
        }
        Ok(made)
    }

    /// A key that the caller sees.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_key(&self, ctx: &Ctx, id: KeyId) -> Result<MadeKey, Error> {
        ctx.require(Scope::KeysRead)?;
        let found = self.store(ctx.org).find_key(id).await?;
        let key = found.filter(|key| is_seen_by(ctx, key)).ok_or_else(|| Error::not_found(id))?;
        self.made_key(ctx, key).await
    }

    /// A key that was just made.
    ///
    /// # Errors
    /// The store failed.
    pub async fn made_key(&self, ctx: &Ctx, key: Key) -> Result<MadeKey, Error> {
        let maker = self.store(ctx.org).find_member(key.creator).await?;
        let maker = maker.ok_or_else(|| Error::not_found(key.creator))?;
        self.with_account(ctx, key, maker).await
    }

    async fn with_account(&self, ctx: &Ctx, key: Key, maker: Member) -> Result<MadeKey, Error> {
        let account = self.store(ctx.org).find_account(AccountId::Key(key.id)).await?;
        Ok(MadeKey { key, maker, account })
    }
}
