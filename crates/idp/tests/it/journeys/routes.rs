use http::Method;

use crate::journeys::world::World;

/// A route of the provider.
pub struct Route {
    /// With the names of its parameters: `/authorize/{id}/terms`.
    pub path: String,
    pub methods: Vec<Method>,
}

impl Route {
    pub fn takes(&self, method: &Method) -> bool {
        self.methods.contains(method)
    }

    /// An address of this route; `hub` is that of an interaction.
    pub fn address(&self, hub: &str, receipt: &str) -> String {
        self.path
            .replace("/authorize/{id}", hub)
            .replace("/account/acceptances/{id}", receipt)
            .replace("{*path}", "moncompte.css")
            .replace("{file}", "tilleuls.css")
            .replace("{picture}", "fr-1-tilleuls.svg")
            .replace("{seat}", "tilleuls")
            .replace("{verb}", "unlock")
            .replace("/person/{id}", &format!("/person/{}", uuid::Uuid::nil()))
    }
}

/// All routes of the router that answers, in the order of their paths. The router tells its paths in its Debug output alone, and its methods in the `Allow`
/// header of a refusal: so there is no list that a new route could be missing from.
pub async fn routes(world: &World) -> Vec<Route> {
    let shown = format!("{:?}", idp::router(world.idp.clone()));
    let (_, rest) = shown.split_once("paths: {").expect("axum shows its paths");
    let (paths, _) = rest.split_once("fallback_router").expect("axum shows its fallback after them");
    let mut paths: Vec<&str> = paths.split('"').skip(1).step_by(2).collect();
    paths.sort_unstable();
    let nobody = world.visitor();
    let mut routes = Vec::new();
    for path in paths {
        let mut route = Route { path: path.to_owned(), methods: Vec::new() };
        let id = uuid::Uuid::nil();
        let address = route.address(&format!("/authorize/{id}"), &format!("/account/acceptances/{id}"));
        let refused = nobody.once(Method::TRACE, &address, None, &[]).await;
        assert_eq!(refused.status.as_u16(), 405, "{address}");
        route.methods = refused.header("allow").split(',').map(|name| name.parse().unwrap()).collect();
        routes.push(route);
    }
    let link = routes.iter().find(|route| route.path == "/authorize/{id}/link").expect("a route");
    assert!(routes.len() > 50 && link.takes(&Method::GET) && link.takes(&Method::POST), "{shown}");
    routes
}
