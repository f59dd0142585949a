//! Web Bluetooth: the smallest adapter that connects, subscribes, writes and passes notifications on.
//!
//! The browser's interface is not in the stable part of web-sys, so the few calls that are needed are declared here.

use super::links;
use crate::live::profile::POLAR_H10;
use crate::protocol::{JobId, LiveInput, LiveWish};
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
    type GattCharacteristic;
    #[wasm_bindgen(method, catch, js_name = startNotifications)]
    fn start_notifications(this: &GattCharacteristic) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = writeValueWithResponse)]
    fn write_with_response(this: &GattCharacteristic, bytes: &Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn value(this: &GattCharacteristic) -> Option<DataView>;
}

/// A chosen device. Cheap to clone.
#[derive(Clone)]
pub struct Link {
    device: BluetoothDevice,
    job: Rc<Cell<JobId>>,
    /// Characteristics whose notifications already come to a listener, by the connection they belong to.
    heard: Rc<RefCell<Vec<GattCharacteristic>>>,
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
        let Some(bluetooth) = Self::bluetooth() else { return };
        let Ok(promise) = bluetooth.request_device(&options()) else { return };
        spawn_local(async move {
            // Dismissed: nothing to say.
            let Ok(device) = JsFuture::from(promise).await else { return };
            let link = Self { device: device.unchecked_into(), job: Rc::default(), heard: Rc::default() };
            link.hear_disconnect();
            chosen(link);
        });
    }

    /// The device's own name.
    pub fn name(&self) -> String {
        self.device.name().unwrap_or_else(|| POLAR_H10.name.to_owned())
    }

    /// Gives the link up.
    pub fn disconnect(&self) {
        self.job.set(0);
        if let Some(gatt) = self.device.gatt() {
            gatt.disconnect();
        }
    }

    fn hear_disconnect(&self) {
        let job = self.job.clone();
        let lost = Closure::<dyn FnMut()>::new(move || {
            if job.get() != 0 {
                links::live_input(job.get(), LiveInput::Lost, None);
            }
        });
        let _ = self.device.add_event_listener_with_callback("gattserverdisconnected", lost.as_ref().unchecked_ref());
        lost.forget();
    }

    /// Does what the session wants, one wish after the other, and tells it what came of each.
    pub fn fulfil(&self, job: JobId, wishes: Vec<LiveWish>) {
        self.job.set(job);
        let link = self.clone();
        spawn_local(async move {
            for wish in wishes {
                let input = match link.wish(wish).await {
                    Ok(input) => input,
                    Err(error) => LiveInput::Failed { reason: reason(&error) },
                };
                if link.job.get() == job {
                    links::live_input(job, input, None);
                }
            }
        });
    }

    async fn wish(&self, wish: LiveWish) -> Result<LiveInput, JsValue> {
        match wish {
            LiveWish::Connect => {
                self.heard.borrow_mut().clear();
                let gatt = self.device.gatt().ok_or_else(|| JsValue::from_str("no GATT"))?;
                JsFuture::from(gatt.connect()?).await?;
                Ok(LiveInput::Connected)
            }
            LiveWish::Subscribe { service, characteristic } => {
                let found = self.characteristic(&service, &characteristic).await?;
                self.hear(&found, &characteristic);
                JsFuture::from(found.start_notifications()?).await?;
                self.heard.borrow_mut().push(found);
                Ok(LiveInput::Subscribed { characteristic })
            }
            LiveWish::Write { service, characteristic, bytes } => {
                let found = self.characteristic(&service, &characteristic).await?;
                JsFuture::from(found.write_with_response(&Uint8Array::from(bytes.as_slice()))?).await?;
                Ok(LiveInput::Written { characteristic })
            }
        }
    }

    async fn characteristic(&self, service: &str, characteristic: &str) -> Result<GattCharacteristic, JsValue> {
        let gatt = self.device.gatt().ok_or_else(|| JsValue::from_str("no GATT"))?;
        let service: GattService = JsFuture::from(gatt.service(service)?).await?.unchecked_into();
        Ok(JsFuture::from(service.characteristic(characteristic)?).await?.unchecked_into())
    }

    fn hear(&self, characteristic: &GattCharacteristic, uuid: &str) {
        let (job, uuid) = (self.job.clone(), uuid.to_owned());
        let changed = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            let Some(target) = event.target() else { return };
            let Some(view) = target.unchecked_into::<GattCharacteristic>().value() else { return };
            let bytes = Uint8Array::new_with_byte_offset_and_length(&view.buffer(), view.byte_offset() as u32, view.byte_length() as u32);
            links::live_input(job.get(), LiveInput::Notification { characteristic: uuid.clone() }, Some(&bytes.to_vec()));
        });
        let _ = characteristic.add_event_listener_with_callback("characteristicvaluechanged", changed.as_ref().unchecked_ref());
        changed.forget();
    }
}

/// Name and services of the device that is asked for.
fn options() -> JsValue {
    let set = |object: &Object, key: &str, value: &JsValue| {
        let _ = Reflect::set(object, &key.into(), value);
    };
    let filter = Object::new();
    set(&filter, "namePrefix", &POLAR_H10.name_prefix.into());
    let services: Array = POLAR_H10.services.iter().map(|uuid| JsValue::from_str(uuid)).collect();
    let options = Object::new();
    set(&options, "filters", &Array::of1(&filter));
    set(&options, "optionalServices", &services);
    options.into()
}

/// What the browser says of a failure.
fn reason(error: &JsValue) -> String {
    Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string()).unwrap_or_default()
}
