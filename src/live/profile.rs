//! Devices as data: what they are called, where their characteristics are, what they send.

use super::Characteristic;

/// One characteristic of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// What it is to us.
    pub role: Characteristic,
    /// UUID of its service, lower case as Web Bluetooth wants it.
    pub service: &'static str,
    /// UUID of the characteristic, lower case.
    pub characteristic: &'static str,
}

/// An ECG stream of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EcgStream {
    /// Samples per second as the maker says; signal processing runs at this rate.
    pub nominal_rate_hz: f64,
    /// Counts per millivolt.
    pub gain_per_mv: f64,
    /// Name of the lead. A strap is not one of the twelve standard leads.
    pub lead: &'static str,
    /// Pass band as the maker says, hertz.
    pub band_hz: (f64, f64),
    /// How far the true rate may lie from the nominal one, as a share.
    pub rate_tolerance: f64,
}

/// Something a program must know about a device, with where it is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// What.
    pub what: &'static str,
    /// Where it is documented or was seen.
    pub source: &'static str,
}

/// One kind of device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Stable id.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Beginnings of the advertised name; empty when the service is what to look for.
    pub name_prefixes: &'static [&'static str],
    /// Characteristics in the order in which they are subscribed.
    pub addresses: &'static [Address],
    /// Its ECG, where it sends one.
    pub ecg: Option<EcgStream>,
    /// What to know.
    pub quirks: &'static [Quirk],
}

const HEART_RATE: Address = Address {
    role: Characteristic::HeartRate,
    service: "0000180d-0000-1000-8000-00805f9b34fb",
    characteristic: "00002a37-0000-1000-8000-00805f9b34fb",
};
const BATTERY: Address = Address {
    role: Characteristic::Battery,
    service: "0000180f-0000-1000-8000-00805f9b34fb",
    characteristic: "00002a19-0000-1000-8000-00805f9b34fb",
};
const PMD_SERVICE: &str = "fb005c80-02e7-f387-1cad-8acd2d8df0c8";

/// Polar H10 chest strap.
pub const POLAR_H10: Profile = Profile {
    id: "polar-h10",
    name: "Polar H10",
    name_prefixes: &["Polar H10"],
    addresses: &[
        Address {
            role: Characteristic::PmdControl,
            service: PMD_SERVICE,
            characteristic: "fb005c81-02e7-f387-1cad-8acd2d8df0c8",
        },
        Address {
            role: Characteristic::PmdData,
            service: PMD_SERVICE,
            characteristic: "fb005c82-02e7-f387-1cad-8acd2d8df0c8",
        },
        HEART_RATE,
        BATTERY,
    ],
    ecg: Some(EcgStream {
        nominal_rate_hz: 130.0,
        gain_per_mv: 1000.0,
        lead: "Chest strap",
        band_hz: (0.7, 40.0),
        rate_tolerance: 0.05,
    }),
    quirks: &[
        Quirk {
            what: "The true rate is not 130 Hz: within 2 % at 20 to 40 °C, within 5 % at -20 to 70 °C; 130.05 and 130.17 Hz were measured on captures",
            source: "Polar H10 ECG document; public captures",
        },
        Quirk {
            what: "Commands written before both notifications are on are not answered",
            source: "polarofficial/polar-ble-sdk #287, #360",
        },
        Quirk {
            what: "A small link packet size is answered with status 10; only a new connection can change it",
            source: "phdiethelm/h10_ecg session log",
        },
        Quirk {
            what: "Taken off the body it sends nothing, the link ends about 45 s later",
            source: "fstanis/polar-h10-web",
        },
        Quirk {
            what: "The first frame can come up to 30 s after the start command",
            source: "fsmeraldi/bleakheart #1",
        },
        Quirk {
            what: "Its clock starts again at 2019-01-01 when it has been without power or link for about a minute",
            source: "Polar BLE SDK, time documentation",
        },
        Quirk {
            what: "Left streaming it stays awake until its battery is empty; the stream is to be stopped before the link ends",
            source: "polarofficial/polar-ble-sdk, known issues",
        },
        Quirk {
            what: "Time stamps can repeat or step back after a reconnection",
            source: "polarofficial/polar-ble-sdk #387, #225",
        },
    ],
};

/// Any strap with the standard heart rate service: rate and RR intervals, no ECG.
pub const HEART_RATE_STRAP: Profile = Profile {
    id: "heart-rate",
    name: "Heart rate strap",
    name_prefixes: &[],
    addresses: &[HEART_RATE, BATTERY],
    ecg: None,
    quirks: &[Quirk {
        what: "A few devices send RR in milliseconds instead of 1/1024 s",
        source: "Bluetooth SIG Heart Rate Service 1.0 sets 1/1024 s",
    }],
};

/// All profiles, the more specific first.
pub const PROFILES: &[Profile] = &[POLAR_H10, HEART_RATE_STRAP];

impl Profile {
    /// The profile that fits an advertised name; any other device may still have the heart rate service.
    #[must_use]
    pub fn for_name(name: &str) -> &'static Self {
        PROFILES
            .iter()
            .find(|profile| {
                profile
                    .name_prefixes
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
            })
            .unwrap_or(&HEART_RATE_STRAP)
    }

    /// The profile with an id.
    #[must_use]
    pub fn by_id(id: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.id == id)
    }

    /// Where a characteristic is on this device.
    #[must_use]
    pub fn address(&self, role: Characteristic) -> Option<&'static Address> {
        self.addresses.iter().find(|address| address.role == role)
    }

    /// The role of a characteristic's UUID.
    #[must_use]
    pub fn role(&self, characteristic: &str) -> Option<Characteristic> {
        self.addresses
            .iter()
            .find(|address| address.characteristic.eq_ignore_ascii_case(characteristic))
            .map(|address| address.role)
    }

    /// UUIDs of its services, each once: what a browser wants to be asked for.
    #[must_use]
    pub fn services(&self) -> Vec<&'static str> {
        let mut services = Vec::new();
        for address in self.addresses {
            if !services.contains(&address.service) {
                services.push(address.service);
            }
        }
        services
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_by_its_name() {
        assert_eq!(Profile::for_name("Polar H10 12345678").id, "polar-h10");
        assert_eq!(Profile::for_name("TICKR X").id, "heart-rate");
        assert_eq!(POLAR_H10.services().len(), 3);
        assert_eq!(
            POLAR_H10.role("FB005C82-02E7-F387-1CAD-8ACD2D8DF0C8"),
            Some(Characteristic::PmdData)
        );
    }
}
