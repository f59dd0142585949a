//! What a page draws: stroked paths, texts and pictures, on the page's own plane in millimetres, turned as it is shown
//! (ISO 32000-1, 8.3 to 8.5, 9.4).

use super::document::Document;
use super::font::Font;
use super::object::{Dict, Lexer, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Millimetres in a point.
const POINT_MM: f64 = 25.4 / 72.0;
/// Operators that are carried out on all pages together.
const OPERATORS: usize = 20_000_000;
/// Forms within forms.
const FORMS: usize = 8;
/// Texts of a page that are kept.
const LABELS: usize = 4000;
/// Saved graphics states.
const SAVED: usize = 512;
/// A step within a text (thousandths of its size) that is as wide as a space, forwards or backwards.
const SPACE_STEP: f64 = 180.0;

/// An affine map: x' = a x + c y + e, y' = b x + d y + f.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matrix(pub [f64; 6]);

impl Matrix {
    const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First `self`, then `next`.
    fn then(self, next: Self) -> Self {
        let ([a, b, c, d, e, f], n) = (self.0, next.0);
        Self([
            a * n[0] + b * n[2],
            a * n[1] + b * n[3],
            c * n[0] + d * n[2],
            c * n[1] + d * n[3],
            e * n[0] + f * n[2] + n[4],
            e * n[1] + f * n[3] + n[5],
        ])
    }

    fn apply(self, x: f64, y: f64) -> [f64; 2] {
        let [a, b, c, d, e, f] = self.0;
        [a * x + c * y + e, b * x + d * y + f]
    }

    fn of(values: &[Value]) -> Option<Self> {
        let numbers: Vec<f64> = values.iter().filter_map(Value::number).collect();
        Some(Self(numbers.get(..6)?.try_into().ok()?))
    }
}

/// A stroked subpath.
#[derive(Clone, Debug)]
pub struct Stroke {
    /// Its points in millimetres.
    pub points: Vec<[f64; 2]>,
    /// Whether it returns to its beginning.
    pub closed: bool,
    /// Line width in millimetres.
    pub width: f64,
    /// Components of its colour.
    pub ink: [f32; 4],
}

/// A piece of text.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where it begins, in millimetres.
    pub at: [f64; 2],
    /// The direction in which it is read.
    pub direction: [f64; 2],
    /// The letters.
    pub text: String,
}

/// What a page draws.
#[derive(Debug, Default)]
pub struct Page {
    /// Width and height in millimetres.
    pub size: [f64; 2],
    /// Stroked subpaths, in the order of drawing.
    pub strokes: Vec<Stroke>,
    /// Texts in the order of drawing.
    pub labels: Vec<Label>,
    /// Area of pictures, as a part of the page.
    pub pictures: f64,
    /// Steps of the tilings that are filled in, in millimetres.
    pub tilings: Vec<[f64; 2]>,
}

#[derive(Clone)]
struct State {
    matrix: Matrix,
    ink: [f32; 4],
    width: f64,
    font: Option<Rc<Font>>,
    leading: f64,
}

/// What may still be drawn, on all pages together.
pub struct Budget {
    operators: usize,
    points: u64,
}

impl Budget {
    /// A budget of so many points of paths.
    pub fn new(points: u64) -> Self {
        Self {
            operators: OPERATORS,
            points,
        }
    }
}

struct Painter<'a> {
    document: &'a Document,
    budget: &'a mut Budget,
    page: Page,
    paths: Vec<(Vec<[f64; 2]>, bool)>,
    fonts: BTreeMap<usize, Rc<Font>>,
    /// The line and the place of the next text.
    line: Matrix,
    /// Whether the next text follows the last one without a new place.
    follows: bool,
    start: Matrix,
}

/// Draws a page.
pub fn paint(document: &Document, page: &Dict, budget: &mut Budget) -> Page {
    let corners: Vec<f64> = ["CropBox", "MediaBox"]
        .iter()
        .filter_map(|key| match document.get(page, key) {
            Value::Array(array) => {
                let corners: Vec<f64> = array
                    .iter()
                    .filter_map(|v| document.follow(v).number())
                    .collect();
                (corners.len() == 4).then_some(corners)
            }
            _ => None,
        })
        .next()
        .unwrap_or_else(|| vec![0.0, 0.0, 612.0, 792.0]);
    let unit = document
        .get(page, "UserUnit")
        .number()
        .filter(|u| *u > 0.0 && *u < 1000.0);
    let scale = POINT_MM * unit.unwrap_or(1.0);
    let (left, bottom) = (corners[0].min(corners[2]), corners[1].min(corners[3]));
    let width = (corners[2] - corners[0]).abs();
    let height = (corners[3] - corners[1]).abs();
    let turn = document.get(page, "Rotate").number().unwrap_or(0.0);
    let quarter = ((turn / 90.0).round() as i64).rem_euclid(4);
    let place = Matrix([scale, 0.0, 0.0, scale, -left * scale, -bottom * scale]);
    let (w, h) = (width * scale, height * scale);
    let (turned, size) = match quarter {
        1 => (Matrix([0.0, -1.0, 1.0, 0.0, 0.0, w]), [h, w]),
        2 => (Matrix([-1.0, 0.0, 0.0, -1.0, w, h]), [w, h]),
        3 => (Matrix([0.0, 1.0, -1.0, 0.0, h, 0.0]), [h, w]),
        _ => (Matrix::IDENTITY, [w, h]),
    };
    let start = place.then(turned);
    let mut painter = Painter {
        document,
        budget,
        page: Page {
            size,
            ..Page::default()
        },
        paths: Vec::new(),
        fonts: BTreeMap::new(),
        line: Matrix::IDENTITY,
        follows: false,
        start,
    };
    let content = document.content(page);
    let state = State {
        matrix: start,
        ink: [0.0; 4],
        width: 1.0,
        font: None,
        leading: 0.0,
    };
    let resources = document
        .get(page, "Resources")
        .dict()
        .cloned()
        .unwrap_or_default();
    painter.run(&content, &resources, state, 0);
    painter.page
}

impl Painter<'_> {
    fn run(&mut self, content: &[u8], resources: &Dict, mut state: State, depth: usize) {
        let mut lexer = Lexer::new(content, 0);
        let mut saved: Vec<State> = Vec::new();
        let mut operands: Vec<Value> = Vec::new();
        while let Some(value) = lexer.value() {
            let Value::Word(operator) = value else {
                if operands.len() < 256 {
                    operands.push(value);
                }
                continue;
            };
            if self.budget.operators == 0 {
                return;
            }
            self.budget.operators -= 1;
            match &*operator {
                "q" if saved.len() < SAVED => saved.push(state.clone()),
                "Q" => state = saved.pop().unwrap_or(state),
                "Do" => self.object(&operands, resources, &state, depth),
                "BI" => {
                    self.picture(&state);
                    skip_picture(&mut lexer);
                }
                other => {
                    self.path(other, &operands, &state);
                    self.style(other, &operands, resources, &mut state);
                    self.words(other, &operands, resources, &mut state);
                }
            }
            operands.clear();
        }
    }

    /// Draws a form, or counts a picture.
    fn object(&mut self, operands: &[Value], resources: &Dict, state: &State, depth: usize) {
        let objects = self.document.get(resources, "XObject");
        let (Some(name), Some(objects)) = (operands.last().and_then(Value::name), objects.dict())
        else {
            return;
        };
        let object = self.document.get(objects, name);
        let Some(dict) = object.dict() else { return };
        match self.document.get(dict, "Subtype").name() {
            Some("Image") => self.picture(state),
            Some("Form") if depth < FORMS => {
                let Some(content) = self.document.stream(&object) else {
                    return;
                };
                let matrix = match self.document.get(dict, "Matrix") {
                    Value::Array(array) => Matrix::of(&array).unwrap_or(Matrix::IDENTITY),
                    _ => Matrix::IDENTITY,
                };
                let inner = State {
                    matrix: matrix.then(state.matrix),
                    ..state.clone()
                };
                let own = self.document.get(dict, "Resources");
                let resources = own.dict().map_or(resources, |own| own);
                // What a drawing costs to repeat is counted as what it says.
                self.budget.operators = self.budget.operators.saturating_sub(content.len() / 64);
                self.run(&content, resources, inner, depth + 1);
            }
            _ => {}
        }
    }

    /// A picture fills the unit square.
    fn picture(&mut self, state: &State) {
        let [a, b, c, d, ..] = state.matrix.0;
        let page = self.page.size[0] * self.page.size[1];
        if page > 0.0 {
            self.page.pictures += ((a * d - b * c) / page).abs();
        }
    }

    fn path(&mut self, operator: &str, operands: &[Value], state: &State) {
        let point = |from_end: usize| {
            let at = operands.len().checked_sub(from_end)?;
            let (x, y) = (operands.get(at)?.number()?, operands.get(at + 1)?.number()?);
            let point = state.matrix.apply(x, y);
            (point[0].is_finite() && point[1].is_finite()).then_some(point)
        };
        match operator {
            "m" => {
                if let Some(point) = point(2) {
                    self.paths.push((vec![point], false));
                }
            }
            // A curve's end lies on it; what is between is the drawing program's own smoothing.
            "l" | "c" | "v" | "y" => {
                if let (Some(point), Some((path, _))) = (point(2), self.paths.last_mut())
                    && self.budget.points > 0
                {
                    self.budget.points -= 1;
                    path.push(point);
                }
            }
            "h" => self.close(),
            "re" => {
                let numbers: Vec<f64> = operands.iter().filter_map(Value::number).collect();
                if let [x, y, w, h] = numbers[..] {
                    let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
                    let corners = corners.map(|(x, y)| state.matrix.apply(x, y));
                    self.paths.push((corners.to_vec(), true));
                }
            }
            "s" | "b" | "b*" => {
                self.close();
                self.stroke(state);
            }
            "S" | "B" | "B*" => self.stroke(state),
            "f" | "F" | "f*" | "n" => self.paths.clear(),
            _ => {}
        }
    }

    fn close(&mut self) {
        if let Some((path, closed)) = self.paths.last_mut() {
            path.extend(path.first().copied());
            *closed = true;
        }
    }

    fn stroke(&mut self, state: &State) {
        let [a, b, c, d, ..] = state.matrix.0;
        let scale = (a * d - b * c).abs().sqrt();
        for (points, closed) in self.paths.drain(..) {
            if points.len() > 1 {
                self.page.strokes.push(Stroke {
                    points,
                    closed,
                    width: state.width * scale,
                    ink: state.ink,
                });
            }
        }
    }

    fn style(&mut self, operator: &str, operands: &[Value], resources: &Dict, state: &mut State) {
        match operator {
            "cm" => {
                if let Some(matrix) = Matrix::of(operands) {
                    state.matrix = matrix.then(state.matrix);
                }
            }
            "w" => {
                state.width = operands
                    .last()
                    .and_then(Value::number)
                    .unwrap_or(state.width)
            }
            "G" | "RG" | "K" | "SC" | "SCN" => {
                state.ink = [0.0; 4];
                let numbers = operands.iter().filter_map(Value::number);
                for (component, number) in state.ink.iter_mut().zip(numbers) {
                    *component = number as f32;
                }
            }
            "CS" => state.ink = [0.0; 4],
            "scn" => {
                if let Some(tiling) = operands
                    .last()
                    .and_then(Value::name)
                    .and_then(|name| self.tiling(name, resources))
                    && self.page.tilings.len() < 64
                {
                    self.page.tilings.push(tiling);
                }
            }
            _ => {}
        }
    }

    /// The steps of a tiling; a pattern stands on the page itself, whatever matrix is in force.
    fn tiling(&self, name: &str, resources: &Dict) -> Option<[f64; 2]> {
        let patterns = self.document.get(resources, "Pattern");
        let pattern = self.document.get(patterns.dict()?, name);
        let dict = pattern.dict()?;
        let matrix = match self.document.get(dict, "Matrix") {
            Value::Array(array) => Matrix::of(&array)?,
            _ => Matrix::IDENTITY,
        };
        let step = |key: &str| self.document.get(dict, key).number();
        let [a, b, c, d, ..] = matrix.then(self.start).0;
        let (x, y) = (step("XStep")?, step("YStep")?);
        let steps = [(a * x).abs() + (c * y).abs(), (b * x).abs() + (d * y).abs()];
        (steps[0].is_finite() && steps[1].is_finite()).then_some(steps)
    }

    fn words(&mut self, operator: &str, operands: &[Value], resources: &Dict, state: &mut State) {
        let number = |at: usize| operands.get(at).and_then(Value::number);
        match operator {
            "BT" => self.place(Matrix::IDENTITY),
            "Tm" => {
                if let Some(matrix) = Matrix::of(operands) {
                    self.place(matrix);
                }
            }
            "Td" | "TD" => {
                if let (Some(x), Some(y)) = (number(0), number(1)) {
                    self.place(Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(self.line));
                    if operator == "TD" {
                        state.leading = -y;
                    }
                }
            }
            "TL" => state.leading = number(0).unwrap_or(0.0),
            "T*" => self.next_line(state),
            "Tf" => {
                state.font = operands
                    .first()
                    .and_then(Value::name)
                    .and_then(|name| self.font(name, resources));
            }
            "Tj" => self.show(operands, state),
            "TJ" => self.show(
                operands.last().and_then(Value::array).unwrap_or_default(),
                state,
            ),
            "'" | "\"" => {
                self.next_line(state);
                self.show(operands, state);
            }
            _ => {}
        }
    }

    fn place(&mut self, matrix: Matrix) {
        self.line = matrix;
        self.follows = false;
    }

    fn next_line(&mut self, state: &State) {
        self.place(Matrix([1.0, 0.0, 0.0, 1.0, 0.0, -state.leading]).then(self.line));
    }

    fn font(&mut self, name: &str, resources: &Dict) -> Option<Rc<Font>> {
        let fonts = self.document.get(resources, "Font");
        let Value::Dict(dict) = self.document.get(fonts.dict()?, name) else {
            return None;
        };
        // Objects are kept as they were read, so the same font is the same place.
        let key = Rc::as_ptr(&dict) as usize;
        if let Some(font) = self.fonts.get(&key) {
            return Some(Rc::clone(font));
        }
        let font = Rc::new(Font::new(self.document, &dict));
        if self.fonts.len() < 256 {
            self.fonts.insert(key, Rc::clone(&font));
        }
        Some(font)
    }

    fn show(&mut self, pieces: &[Value], state: &State) {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Value::Text(bytes) => match &state.font {
                    Some(font) => text.push_str(&font.text(bytes)),
                    None => text.push_str(&String::from_utf8_lossy(bytes)),
                },
                Value::Number(step) if step.abs() > SPACE_STEP && !text.ends_with(' ') => {
                    text.push(' ')
                }
                _ => {}
            }
        }
        self.budget.points = self.budget.points.saturating_sub(text.len() as u64 / 16);
        if self.follows
            && let Some(last) = self.page.labels.last_mut()
        {
            last.text.push_str(&text);
            return;
        }
        self.follows = true;
        let matrix = self.line.then(state.matrix);
        let [a, b, _, _, e, f] = matrix.0;
        let length = (a * a + b * b).sqrt();
        if length > 0.0 && e.is_finite() && f.is_finite() && self.page.labels.len() < LABELS {
            self.page.labels.push(Label {
                at: [e, f],
                direction: [a / length, b / length],
                text,
            });
        }
    }
}

/// Passes a picture within the content: to `EI` between white space.
fn skip_picture(lexer: &mut Lexer<'_>) {
    let rest = lexer.bytes.get(lexer.at..).unwrap_or_default();
    let end = rest.windows(4).position(|window| {
        super::object::is_space(window[0])
            && &window[1..3] == b"EI"
            && super::object::is_space(window[3])
    });
    lexer.at += end.map_or(rest.len(), |end| end + 3);
}
