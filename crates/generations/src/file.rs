//! Files of a generation.

use std::collections::{BTreeMap, HashSet};

use kernel::{Context, Fault, RESEAL_PAGE, Resealed, Told, Tx, reseal_rows, sha256};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    GenerationId, Generations,
    table::{config_content as content, config_file as file},
};

/// The purpose under which secrets are sealed and marked.
const SECRET: &str = "configuration secret";
/// The number of rows in one statement.
const STEP: usize = 400;

/// A file as it was read. It has no Debug, for it may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its bytes.
    pub content: Vec<u8>,
    /// True if it holds a secret: then it is sealed in the database.
    pub secret: bool,
}

/// The files of a generation, by owner and path. The owner is an agency, or empty for what all agencies share: an agency that stays as last accepted keeps
/// its own version of a file that others name too.
pub type Files = BTreeMap<(String, String), File>;

impl File {
    /// Returns the name of its content: a SHA-256, and for a secret a MAC, by which nobody can try secrets.
    fn digest(&self, context: &Context) -> String {
        if self.secret {
            return format!("mac:{}", hex::encode(context.keys.mac(SECRET, &self.content)));
        }
        hex::encode(sha256(&self.content))
    }
}

impl Generations {
    /// Returns the digest of files: 64 hex digits, equal for equal files.
    pub fn digest(&self, files: &Files) -> String {
        let mut text = String::new();
        for ((owner, path), file) in files {
            // No name holds a line break or a NUL.
            text += &format!("{owner}\0{path}\0{}\n", file.digest(&self.context));
        }
        hex::encode(sha256(text.as_bytes()))
    }

    /// Returns the files of a generation, opened.
    ///
    /// # Errors
    /// [`Fault`] of the database; a secret that this node's key does not open.
    pub async fn files(&self, id: GenerationId) -> Result<Files, Fault> {
        let db = self.context.db.reader();
        let named = file::Entity::find().filter(file::Column::GenerationId.eq(id)).all(db).await?;
        let of_generation = Query::select()
            .column(file::Column::ContentId)
            .from(file::Entity)
            .and_where(file::Column::GenerationId.eq(id))
            .to_owned();
        let contents = content::Entity::find()
            .filter(content::Column::Id.in_subquery(of_generation))
            .all(self.context.db.reader())
            .await?;
        let mut opened = BTreeMap::new();
        for row in contents {
            let content = match row.sealed {
                true => self.context.keys.open(SECRET, &row.content)?.to_vec(),
                false => row.content,
            };
            opened.insert(row.id, File { content, secret: row.sealed });
        }
        let mut files = Files::new();
        for row in named {
            let Some(file) = opened.get(&row.content_id) else {
                return Err(Fault::Broken(format!("the file {} of generation {id} is gone", row.path)));
            };
            files.insert((row.owner, row.path), file.clone());
        }
        Ok(files)
    }

    /// Seals the secrets of all generations with the newest key.
    ///
    /// # Errors
    /// [`Fault`] of the database, or a secret that does not open.
    pub async fn reseal(&self, told: Told<'_>) -> Result<Resealed, Fault> {
        let page = async |last: Option<String>| {
            Ok(content::Entity::find()
                .select_only()
                .columns([content::Column::Id, content::Column::Content])
                .filter(content::Column::Sealed.eq(true))
                .filter(content::Column::Id.gt(last.unwrap_or_default()))
                .order_by_asc(content::Column::Id)
                .limit(RESEAL_PAGE)
                .into_tuple()
                .all(self.context.db.reader())
                .await?)
        };
        let replace = async |tx: &Tx, id: &String, was: &Vec<u8>, is: &Vec<u8>| {
            content::Entity::update_many()
                .col_expr(content::Column::Content, Expr::value(is.clone()))
                .filter(content::Column::Id.eq(id))
                .filter(content::Column::Content.eq(was.clone()))
                .exec(tx.conn())
                .await?;
            Ok(())
        };
        let renew = |sealed: &Vec<u8>| self.context.reseal(SECRET, sealed);
        reseal_rows(&self.context.db, page, renew, replace, told).await
    }

    /// Stores files under a generation. A content that is there already is not written again.
    pub(crate) async fn store(&self, tx: &Tx, id: GenerationId, files: &Files) -> Result<(), Fault> {
        let (mut contents, mut named, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for ((owner, path), held) in files {
            let digest = held.digest(&self.context);
            if seen.insert(digest.clone()) {
                contents.push((digest.clone(), held));
            }
            named.push(file::ActiveModel {
                generation_id: Set(id),
                owner: Set(owner.clone()),
                path: Set(path.clone()),
                content_id: Set(digest),
            });
        }
        let known: HashSet<String> = content::Entity::find()
            .filter(content::Column::Id.is_in(contents.iter().map(|(digest, _)| digest.as_str())))
            .all(tx.conn())
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        contents.retain(|(digest, _)| !known.contains(digest));
        for step in contents.chunks(STEP) {
            let rows = step.iter().map(|(digest, held)| content::ActiveModel {
                id: Set(digest.clone()),
                sealed: Set(held.secret),
                content: Set(match held.secret {
                    true => self.context.seal(SECRET, &held.content),
                    false => held.content.clone(),
                }),
            });
            content::Entity::insert_many(rows)
                .on_conflict(OnConflict::column(content::Column::Id).do_nothing().to_owned())
                .exec_without_returning(tx.conn())
                .await?;
        }
        for step in named.chunks(STEP) {
            file::Entity::insert_many(step.to_vec()).exec_without_returning(tx.conn()).await?;
        }
        Ok(())
    }
}
