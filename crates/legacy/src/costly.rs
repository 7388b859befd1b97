//! The costly recipes of an agency's old hashes. A check of an old password runs all of them, whoever is meant: an identifier that nobody has takes as
//! long as any other, however costly the hashes of that agency are (SECURITY #60).

use crate::hash::Recipe;

/// The number of recipes that one check runs: the costliest.
const RUN: usize = 4;

/// The costly recipes of one agency, as far as they are known.
pub struct CostlyRecipes {
    /// The costliest first, [`RUN`] at most.
    run: Vec<Recipe>,
    known: usize,
}

impl CostlyRecipes {
    /// The number of recipes that are worth keeping of an agency. Tools that choose their costs at random would make one a row.
    pub const MOST: usize = 16;

    /// Takes the recipes that are known of an agency, in any order: one line each, as [`Recipe::to_text`] gives it. A line that no longer is a recipe is
    /// not run.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known = 0;
        let parsed = texts.into_iter().inspect(|_| known += 1).filter_map(|text| Recipe::parse(text).ok());
        let mut run: Vec<Recipe> = parsed.collect();
        run.sort_by_key(|class| std::cmp::Reverse(class.work()));
        run.truncate(RUN);
        Self { run, known }
    }

    /// The recipes that a check runs beside `own`, the recipe of the identifier that is meant.
    pub fn beside(&self, own: Option<&Recipe>) -> Vec<Recipe> {
        let own = own.and_then(Recipe::class);
        self.run.iter().filter(|class| Some(*class) != own.as_ref()).cloned().collect()
    }

    /// Returns the class of `own` if it is to be kept as one more recipe of this agency.
    pub fn missing(&self, own: Option<&Recipe>) -> Option<Recipe> {
        let class = own.and_then(Recipe::class)?;
        (!self.run.contains(&class) && self.known < Self::MOST).then_some(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Verifier;

    fn recipe(hash: &str) -> Recipe {
        Verifier::parse(None, hash, None).ok().unwrap().recipe().clone()
    }

    /// An identifier with a costly hash runs as many recipes as one without.
    #[test]
    fn each_check_runs_the_costliest_recipes_once() {
        let phpass = |cost: char| recipe(&format!("$P${cost}ab12cd34{}", "x".repeat(22)));
        let classes: Vec<Recipe> = "789ABC".chars().filter_map(|cost| phpass(cost).class()).collect();
        let texts: Vec<String> = classes.iter().map(Recipe::to_text).collect();
        let known = CostlyRecipes::new(texts.iter().map(String::as_str));
        assert_eq!(known.beside(None).len(), RUN);
        assert_eq!(known.beside(Some(&phpass('C'))).len(), RUN - 1);
        assert!(known.beside(None).iter().all(|class| class.work() >= classes[2].work()));
        assert!(known.missing(Some(&phpass('C'))).is_none());
        assert_eq!(known.missing(Some(&phpass('D'))), phpass('D').class());
        let full = CostlyRecipes::new(texts.iter().cycle().take(CostlyRecipes::MOST).map(String::as_str));
        assert!(full.missing(Some(&phpass('D'))).is_none());
    }
}
