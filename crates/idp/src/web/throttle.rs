use std::{net::IpAddr, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};

/// Attempts per network, before anything is hashed (PEOPLE U-56): an IPv4 address or an IPv6 /64.
pub struct Throttle {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: governor::clock::DefaultClock,
}

impl Throttle {
    /// `per_minute` attempts, all of which may come at once.
    pub fn new(per_minute: NonZeroU32) -> Self {
        Self { limiter: RateLimiter::keyed(Quota::per_minute(per_minute)), clock: Default::default() }
    }

    /// Takes an attempt.
    ///
    /// # Errors
    /// Seconds until the next one.
    pub(crate) fn take(&self, ip: Option<IpAddr>) -> Result<(), u32> {
        let Some(ip) = ip else { return Ok(()) };
        self.limiter.check_key(&network(ip)).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now()).as_secs() + 1;
            u32::try_from(wait).unwrap_or(u32::MAX)
        })
    }

    /// Forgets networks that have been quiet: the worker calls it, so that memory stays flat.
    pub fn tidy(&self) {
        self.limiter.retain_recent();
    }
}

/// Whom an address is counted as.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => std::net::Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
        },
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_attempts_and_a_neighbour_has_its_own() {
        let throttle = Throttle::new(NonZeroU32::new(2).unwrap());
        let ip = |s: &str| Some(s.parse().unwrap());
        assert!(throttle.take(ip("2001:db8::1")).is_ok());
        assert!(throttle.take(ip("2001:db8::2")).is_ok());
        assert!(
            throttle.take(ip("2001:db8::3")).is_err_and(|s| (1..=60).contains(&s)),
            "one /64 is one network"
        );
        assert!(throttle.take(ip("2001:db8:0:1::1")).is_ok());
        assert!(throttle.take(ip("203.0.113.1")).is_ok());
    }
}
