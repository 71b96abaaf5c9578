package extract

import (
	"context"
	"errors"
	"io"
	"iter"
	"mime"
	"path"
	"strings"

	"ragway/ingest"
)

var _ ingest.Expander = (*Registry)(nil).Expand

// Holds tells what documents of this name hold, or of this media type where the name does
// not say. It does not look inside: Expand does.
func (r *Registry) Holds(name, mimeType string) ingest.Holding {
	f := byExtension[extensionOf(name)]
	if f == nil {
		declared, _, _ := mime.ParseMediaType(mimeType)
		f = byMIME[declared]
	}
	if f == nil {
		return ingest.HoldsText
	}
	return f.holds
}

// Expand yields what is inside a container, at any depth. What makes up more than
// Options.MaxUnpacked, MaxMembers or MaxNesting is TooLarge or TooDeep.
func (r *Registry) Expand(ctx context.Context, name string, open func(context.Context) (io.ReadCloser, error)) iter.Seq2[ingest.Member, error] {
	return func(yield func(ingest.Member, error) bool) {
		u := &unpacking{r: r, yield: yield, members: r.o.MaxMembers}
		err := u.expand(ctx, level{name: name, data: r.files.add(open, r.o.MaxContainer)})
		switch {
		case err == nil, errors.Is(err, errEnough):
		case ctx.Err() != nil:
			yield(ingest.Member{}, ctx.Err())
		case errors.Is(err, ingest.ErrNoContainer):
			yield(ingest.Member{}, err)
		default:
			yield(ingest.Member{}, typed("container", err))
		}
	}
}

// errEnough says that nobody wants more members.
var errEnough = errors.New("enough")

// unpacking is one Expand. Its bounds hold for all levels together: a small archive of
// small archives may hold more than any disk.
type unpacking struct {
	r       *Registry
	yield   func(ingest.Member, error) bool
	left    int64 // bytes that may still be unpacked
	members int   // that may still be found
}

// level is a container in the making: the outermost one or one inside.
type level struct {
	u      *unpacking
	name   string
	prefix string // of the members' paths
	depth  int
	data   *backing
}

func (u *unpacking) expand(ctx context.Context, l level) error {
	if l.depth >= u.r.o.MaxNesting {
		return ingest.Failf(ingest.TooDeep, "containers in containers, %d deep", l.depth)
	}
	release, err := l.data.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if l.depth == 0 {
		u.left = max(u.r.o.MaxUnpacked, 100*l.data.size)
	}
	list, err := u.r.lister(l)
	if err != nil {
		return err
	}
	l.u = u
	return list(ctx, &l)
}

// lister is how the members of a container are found: what it is called decides only
// where the content does not.
func (r *Registry) lister(l level) (listing, error) {
	head := make([]byte, 1024)
	n, err := l.data.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, ingest.Failf(ingest.Unreadable, "%w", err)
	}
	f := containerOf(head[:n], l.name)
	if named := byExtension[extensionOf(l.name)]; f == nil && named != nil && !named.binary {
		f = named
	}
	if f == nil || listingOf(f) == nil {
		return nil, ingest.ErrNoContainer
	}
	return listingOf(f), nil
}

// A listing adds the members of a container.
type listing func(context.Context, *level) error

// listingOf stands apart from the table because listings ask it what their members are.
func listingOf(f *format) listing {
	switch f.name {
	case "zip":
		return listZip
	case "tar":
		return listTar
	case "compressed":
		return listCompressed
	case "mailbox":
		return listMailbox
	case "mail":
		return listMessage(openMail)
	case "outlook":
		return listMessage(openOutlook)
	}
	return nil
}

// add takes a member that lies at name. One that is a container itself is listed in its
// place.
func (l *level) add(ctx context.Context, m ingest.Member, name string) error {
	if name = inside(name); name == "" {
		return ctx.Err()
	}
	if l.u.members--; l.u.members < 0 {
		return ingest.Failf(ingest.TooLarge, "more than %d members", l.u.r.o.MaxMembers)
	}
	m.Path = l.prefix + name
	holding := l.u.r.Holds(name, "")
	if holding != ingest.HoldsText {
		inner := level{name: path.Base(name), prefix: m.Path + ingest.MemberMark, depth: l.depth + 1, data: l.u.r.files.add(m.Open, l.u.left)}
		err := l.u.expand(ctx, inner)
		switch {
		case errors.Is(err, errEnough), ctx.Err() != nil:
			return err
		case err != nil && !errors.Is(err, ingest.ErrNoContainer):
			return l.emit(ctx, m, typed("container", err))
		case err == nil && holding == ingest.HoldsMembers:
			return nil
		}
	}
	return l.emit(ctx, m, nil)
}

// fail is for a member that is there and cannot be read.
func (l *level) fail(ctx context.Context, name string, err error) error {
	if name = inside(name); name == "" {
		return ctx.Err()
	}
	return l.emit(ctx, ingest.Member{Path: l.prefix + name, Size: -1}, err)
}

func (l *level) emit(ctx context.Context, m ingest.Member, err error) error {
	if !l.u.yield(m, err) {
		return errEnough
	}
	return ctx.Err()
}

// unpack counts n bytes towards what the outermost container may hold.
func (l *level) unpack(n int64) error {
	if l.u.left -= n; l.u.left < 0 {
		return ingest.Failf(ingest.TooLarge, "it unpacks to more than %d bytes", max(l.u.r.o.MaxUnpacked, 100*l.data.size))
	}
	return nil
}

// inside is name as a path that cannot lead out of its container; "" for what walks of
// folders leave out as well: hidden files, and the forks that macOS adds to archives.
func inside(name string) string {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, `\`, "/"), "�")
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '_'
		}
		return r
	}, name)
	clean := strings.TrimPrefix(path.Clean("/"+name), "/")
	for part := range strings.SplitSeq(clean, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return ""
		}
	}
	return clean
}

// readMembers reads a container as one text, for those who cannot take its members one by
// one. One that cannot be read leaves the others their place; what is no sane container
// fails as a whole.
func readMembers(ctx context.Context, d *document) error {
	var first error
	for m, err := range d.expand(ctx, d.Name, func(context.Context) (io.ReadCloser, error) { return newBytesFile(d.Data), nil }) {
		if err == nil {
			err = d.member(ctx, m)
		}
		switch reason := ingest.ReasonOf(err); {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case m.Path == "", reason == ingest.TooDeep, reason == ingest.TooLarge, reason == ingest.BadMetadata:
			return err
		case first == nil:
			first = err
		}
		if d.w.out.Entries++; d.w.out.Entries > d.o.MaxParts {
			return ingest.Failf(ingest.TooLarge, "more than %d members", d.o.MaxParts)
		}
		if d.w.full {
			return nil
		}
	}
	if d.w.runes == 0 && first != nil {
		return first
	}
	return nil
}

// member appends one member under its title or name.
func (d *document) member(ctx context.Context, m ingest.Member) error {
	if m.Size > int64(d.o.MaxPart) {
		return ingest.Failf(ingest.TooLarge, "%s unpacks to more than %d bytes", m.Path, d.o.MaxPart)
	}
	r, err := m.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, int64(d.o.MaxPart)+1))
	switch {
	case err != nil:
		return err
	case len(data) > d.o.MaxPart:
		return ingest.Failf(ingest.TooLarge, "%s unpacks to more than %d bytes", m.Path, d.o.MaxPart)
	}
	got, err := d.extract(ctx, ingest.Input{Name: path.Base(m.Path), Data: data})
	if err != nil {
		return err
	}
	if _, restricted := got.Metadata["acl"]; restricted {
		return ingest.Failf(ingest.BadMetadata, "%s says who may read it: it has to be ingested on its own", m.Path)
	}
	if got.Messages > 0 { // it says itself what it is about
		d.w.out.Messages += got.Messages
	} else {
		d.w.block(ingest.Block{Kind: ingest.Heading, Level: 1}, "# "+inline(m.Path))
	}
	d.w.append(got)
	return nil
}
