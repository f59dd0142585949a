//! Web Bluetooth: the smallest adapter that connects, subscribes, writes and passes notifications on.
//!
//! The browser's interface is not in the stable part of web-sys, so the few calls that are needed are declared here.

use super::links;
use crate::live::Characteristic;
use crate::live::h10::{Command, MeasurementKind};
use crate::live::profile::POLAR_H10;
use crate::live::session::{Input, LinkError, Output};
use crate::protocol::JobId;
use js_sys::{Array, DataView, Object, Promise, Reflect, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::{JsFuture, spawn_local};

#[wasm_bindgen]
extern "C" {
    type Bluetooth;
    #[wasm_bindgen(method, catch, js_name = requestDevice)]
    fn request_device(this: &Bluetooth, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(extends = web_sys::EventTarget)]
    #[derive(Clone)]
    type BluetoothDevice;
    #[wasm_bindgen(method, getter)]
    fn name(this: &BluetoothDevice) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn gatt(this: &BluetoothDevice) -> Option<GattServer>;

    type GattServer;
    #[wasm_bindgen(method, catch)]
    fn connect(this: &GattServer) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method)]
    fn disconnect(this: &GattServer);
    #[wasm_bindgen(method, catch, js_name = getPrimaryService)]
    fn service(this: &GattServer, uuid: &str) -> Result<Promise, JsValue>;

    type GattService;
    #[wasm_bindgen(method, catch, js_name = getCharacteristic)]
    fn characteristic(this: &GattService, uuid: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(extends = web_sys::EventTarget)]
    #[derive(Clone)]
    type GattCharacteristic;
    #[wasm_bindgen(method, catch, js_name = startNotifications)]
    fn start_notifications(this: &GattCharacteristic) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = readValue)]
    fn read(this: &GattCharacteristic) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = writeValueWithResponse)]
    fn write_with_response(
        this: &GattCharacteristic,
        bytes: &Uint8Array,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn value(this: &GattCharacteristic) -> Option<DataView>;
}

/// A chosen device. Cheap to clone.
#[derive(Clone)]
pub struct Link {
    device: BluetoothDevice,
    job: Rc<Cell<JobId>>,
    /// Characteristics of the connection that stands.
    found: Rc<RefCell<Vec<(Characteristic, GattCharacteristic)>>>,
}

impl Link {
    fn bluetooth() -> Option<Bluetooth> {
        let navigator = web_sys::window()?.navigator();
        let bluetooth = Reflect::get(&navigator, &"bluetooth".into()).ok()?;
        (!bluetooth.is_undefined()).then(|| bluetooth.unchecked_into())
    }

    /// Whether the browser has Web Bluetooth.
    pub fn available() -> bool {
        Self::bluetooth().is_some()
    }

    /// Shows the browser's own dialog, which only a click may open, and goes on with what was chosen there.
    pub fn ask(chosen: impl FnOnce(Self) + 'static) {
        let Some(bluetooth) = Self::bluetooth() else {
            return;
        };
        let Ok(promise) = bluetooth.request_device(&options()) else {
            return;
        };
        spawn_local(async move {
            // Dismissed: nothing to say.
            let Ok(device) = JsFuture::from(promise).await else {
                return;
            };
            let link = Self {
                device: device.unchecked_into(),
                job: Rc::default(),
                found: Rc::default(),
            };
            link.hear_disconnect();
            chosen(link);
        });
    }

    /// The device's own name.
    pub fn name(&self) -> String {
        self.device
            .name()
            .unwrap_or_else(|| POLAR_H10.name.to_owned())
    }

    /// Gives the link up. What may still stream is stopped first: a strap left streaming stays awake until its battery
    /// is empty.
    pub fn give_up(&self) {
        self.job.set(0);
        let link = self.clone();
        spawn_local(async move {
            let stop = Command::Stop(MeasurementKind::Ecg).encode();
            // After an orderly end there is no link to write to.
            let _ = link.write(Characteristic::PmdControl, &stop).await;
            if let Some(gatt) = link.device.gatt() {
                gatt.disconnect();
            }
        });
    }

    fn hear_disconnect(&self) {
        let job = self.job.clone();
        let lost = Closure::<dyn FnMut()>::new(move || tell(job.get(), Input::Lost));
        let _ = self.device.add_event_listener_with_callback(
            "gattserverdisconnected",
            lost.as_ref().unchecked_ref(),
        );
        lost.forget();
    }

    /// Does what the session wants, one wish after the other, and tells it what came of each.
    pub fn fulfil(&self, job: JobId, wishes: Vec<Output>) {
        self.job.set(job);
        let link = self.clone();
        spawn_local(async move {
            for wish in wishes {
                if let Some(input) = link.wish(wish).await {
                    tell(job, input);
                }
            }
        });
    }

    /// What came of a wish; `None` for what is no wish of the link.
    async fn wish(&self, wish: Output) -> Option<Input> {
        match wish {
            Output::Connect => Some(match self.connect().await {
                Ok(found) => Input::Services(found),
                Err(error) => Input::ConnectFailed(reason(&error)),
            }),
            Output::Subscribe(role) => Some(match self.subscribe(role).await {
                Ok(()) => Input::Subscribed(role),
                Err(error) => Input::SubscribeFailed(role, reason(&error)),
            }),
            Output::Read(role) => Some(match self.read(role).await {
                Ok(bytes) => Input::Read(role, bytes),
                Err(error) => Input::ReadFailed(role, reason(&error)),
            }),
            Output::Write(role, bytes) => Some(match self.write(role, &bytes).await {
                Ok(()) => Input::Written(role),
                Err(error) => Input::WriteFailed(role, reason(&error)),
            }),
            Output::Disconnect => {
                if let Some(gatt) = self.device.gatt() {
                    gatt.disconnect();
                }
                None
            }
            // The page ticks by itself.
            Output::WakeAt(_)
            | Output::Samples(_)
            | Output::HeartRate(_)
            | Output::Battery(_)
            | Output::Status(_)
            | Output::Event { .. } => None,
        }
    }

    /// Connects and finds which of the profile's characteristics are there.
    async fn connect(&self) -> Result<Vec<Characteristic>, JsValue> {
        self.found.borrow_mut().clear();
        let gatt = self
            .device
            .gatt()
            .ok_or_else(|| JsValue::from_str("no GATT"))?;
        JsFuture::from(gatt.connect()?).await?;
        let mut roles = Vec::new();
        for address in POLAR_H10.addresses {
            // What is not there is not listed; the session knows what it can do without.
            let Ok(service) = JsFuture::from(gatt.service(address.service)?).await else {
                continue;
            };
            let service: GattService = service.unchecked_into();
            let Ok(found) = JsFuture::from(service.characteristic(address.characteristic)?).await
            else {
                continue;
            };
            self.found
                .borrow_mut()
                .push((address.role, found.unchecked_into()));
            roles.push(address.role);
        }
        Ok(roles)
    }

    fn characteristic(&self, role: Characteristic) -> Result<GattCharacteristic, JsValue> {
        let found = self.found.borrow();
        let found = found
            .iter()
            .find(|(have, _)| *have == role)
            .map(|(_, found)| found.clone());
        found.ok_or_else(|| JsValue::from_str("no such characteristic"))
    }

    async fn subscribe(&self, role: Characteristic) -> Result<(), JsValue> {
        let found = self.characteristic(role)?;
        let job = self.job.clone();
        let changed = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            let Some(target) = event.target() else { return };
            if let Some(view) = target.unchecked_into::<GattCharacteristic>().value() {
                tell(job.get(), Input::Notification(role, bytes(&view)));
            }
        });
        found.add_event_listener_with_callback(
            "characteristicvaluechanged",
            changed.as_ref().unchecked_ref(),
        )?;
        changed.forget();
        JsFuture::from(found.start_notifications()?).await?;
        Ok(())
    }

    async fn read(&self, role: Characteristic) -> Result<Vec<u8>, JsValue> {
        let view: DataView = JsFuture::from(self.characteristic(role)?.read()?)
            .await?
            .unchecked_into();
        Ok(bytes(&view))
    }

    async fn write(&self, role: Characteristic, bytes: &[u8]) -> Result<(), JsValue> {
        JsFuture::from(
            self.characteristic(role)?
                .write_with_response(&Uint8Array::from(bytes))?,
        )
        .await?;
        Ok(())
    }
}

/// Tells the session, unless the link was given up.
fn tell(job: JobId, input: Input) {
    if job != 0 {
        links::live_input(job, input, links::now_ms() / 1000.0);
    }
}

/// The bytes of a value.
fn bytes(view: &DataView) -> Vec<u8> {
    Uint8Array::new_with_byte_offset_and_length(
        &view.buffer(),
        view.byte_offset() as u32,
        view.byte_length() as u32,
    )
    .to_vec()
}

/// Name and services of the device that is asked for.
fn options() -> JsValue {
    let set = |object: &Object, key: &str, value: &JsValue| {
        let _ = Reflect::set(object, &key.into(), value);
    };
    let filter = Object::new();
    set(
        &filter,
        "namePrefix",
        &POLAR_H10
            .name_prefixes
            .first()
            .copied()
            .unwrap_or_default()
            .into(),
    );
    let services: Array = POLAR_H10
        .services()
        .iter()
        .map(|uuid| JsValue::from_str(uuid))
        .collect();
    let options = Object::new();
    set(&options, "filters", &Array::of1(&filter));
    set(&options, "optionalServices", &services);
    options.into()
}

/// What the browser says of a failure, by the names of its errors.
fn reason(error: &JsValue) -> LinkError {
    let read = |key: &str| {
        Reflect::get(error, &key.into())
            .ok()
            .and_then(|text| text.as_string())
            .unwrap_or_default()
    };
    match read("name").as_str() {
        "SecurityError" | "NotAllowedError" => LinkError::Authentication,
        "NetworkError" | "NotFoundError" => LinkError::Unreachable,
        "InvalidStateError" => LinkError::Busy,
        _ => LinkError::Other(read("message")),
    }
}
