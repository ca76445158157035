//! Messages built by mailrail-message, beside mail-builder and lettre; and what memory each takes for it. The run fails where this one
//! takes too much.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lettre::message::{Attachment as LettreAttachment, MultiPart, header::ContentType};
use mailrail_benches::writers::{DATE, ID, ours, theirs};
use mailrail_benches::{heap, text};
use mailrail_message::{Attachment, BuildStep, Content};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

/// How often memory may be asked for to build a text of 3 KiB.
const TEXT: usize = 2;
/// The least that is too much to hold of a message that is streamed.
const STREAMED: usize = 64 * 1024;

/// Says how often memory was asked for, and how much was held at most.
fn count<T>(what: &str, run: impl FnOnce() -> T) -> (usize, usize) {
    let (before, _) = heap::allocated();
    let held = heap::held();
    heap::most();
    black_box(run());
    let calls = heap::allocated().0 - before;
    let most = heap::most() - held;
    println!("{what}: {calls} allocations, {most} bytes at most");
    (calls, most)
}

fn lettre() -> lettre::message::MessageBuilder {
    lettre::Message::builder()
        .from("Ann Lee <ann@north.test>".parse().unwrap())
        .to("Bob Moor <bob@south.test>".parse().unwrap())
        .subject("The plan for the week, and what comes after it")
        .date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(DATE as u64))
        .message_id(Some(format!("<{ID}>")))
}

/// A message that is read out while its attachment comes in pieces of 16 KiB.
fn streamed(plain: &str, html: &str, file: &Bytes) -> usize {
    let content = Content::streamed(0, Some(file.len() as u64));
    let builder = ours().text(plain).html(html);
    let builder = builder.attach(Attachment::new("application/pdf", content).with_name("plan.pdf"));
    let mut stream = builder.stream([7; 16]).unwrap();
    let (mut file, mut len) = (file.clone(), 0);
    loop {
        match stream.poll() {
            BuildStep::Piece(piece) => len += black_box(piece).len(),
            BuildStep::Want { .. } if file.is_empty() => stream.end_content().unwrap(),
            BuildStep::Want { .. } => {
                let piece = file.split_to(file.len().min(16 << 10));
                stream.content(piece).unwrap();
            }
            BuildStep::End => return len,
        }
    }
}

fn benches(c: &mut Criterion) {
    let plain = String::from_utf8(text(3 << 10, usize::MAX)).unwrap();
    let html =
        format!("<html><body><p>{}</p></body></html>\r\n", plain.replace("\r\n", "<br>\r\n"));
    let file =
        Bytes::from_iter((0..1_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8));

    let our_text = || ours().text(black_box(&*plain)).into_vec([7; 16]).unwrap();
    let their_text = || theirs().text_body(black_box(&*plain)).write_to_vec().unwrap();
    let lettre_text = || lettre().body(black_box(plain.clone())).unwrap().formatted();
    let (calls, _) = count("text: mailrail", our_text);
    assert!(calls <= TEXT);
    count("text: mail-builder", their_text);
    count("text: lettre", lettre_text);
    let mut group = c.benchmark_group("text of 3 KiB");
    group.throughput(Throughput::Bytes(plain.len() as u64));
    group.bench_function("mailrail", |b| b.iter(our_text));
    group.bench_function("mail-builder", |b| b.iter(their_text));
    group.bench_function("lettre", |b| b.iter(lettre_text));
    group.finish();

    let our_file = || {
        let attachment = Attachment::new("application/pdf", file.clone()).with_name("plan.pdf");
        ours().text(&*plain).html(&*html).attach(attachment).into_vec([7; 16]).unwrap()
    };
    let their_file = || {
        let message = theirs().text_body(&*plain).html_body(&*html);
        message.attachment("application/pdf", "plan.pdf", &file[..]).write_to_vec().unwrap()
    };
    let lettre_file = || {
        let body = MultiPart::mixed()
            .multipart(MultiPart::alternative_plain_html(plain.clone(), html.clone()))
            .singlepart(
                LettreAttachment::new("plan.pdf".into())
                    .body(file.to_vec(), ContentType::parse("application/pdf").unwrap()),
            );
        lettre().multipart(body).unwrap().formatted()
    };
    // One buffer holds all of it, and little else is held.
    let (_, most) = count("attached: mailrail, one buffer", our_file);
    assert!(most < our_file().len() + STREAMED);
    let (_, most) = count("attached: mailrail, streamed", || streamed(&plain, &html, &file));
    assert!(most < STREAMED);
    count("attached: mail-builder", their_file);
    count("attached: lettre", lettre_file);
    let mut group = c.benchmark_group("with HTML and 1 MiB attached");
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("mailrail, one buffer", |b| b.iter(our_file));
    group.bench_function("mailrail, streamed", |b| b.iter(|| streamed(&plain, &html, &file)));
    group.bench_function("mail-builder", |b| b.iter(their_file));
    group.bench_function("lettre", |b| b.iter(lettre_file));
    group.finish();
}

criterion_group! {
    name = compose;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = benches
}
criterion_main!(compose);
