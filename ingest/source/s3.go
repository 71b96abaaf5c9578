package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ragway/ingest"
)

// S3Options say where buckets are and who asks for them.
type S3Options struct {
	Endpoint string // URL of another S3 than Amazon's, e.g. https://minio.example:9000
	Region   string // "": asked for

	// Who asks: a key, else a profile in a file of AWS's form, else the file's profile
	// "default", else the machine's role, else nobody, which public buckets allow.
	AccessKey, SecretKey, SessionToken string
	Profile                            string
	CredentialsFile                    string
	Role                               bool // of the container or the machine, as AWS's SDKs find it

	Proxy func(*http.Request) (*url.URL, error) // nil: none
}

const amazon = "https://s3.amazonaws.com"

// bucket is the objects of an S3 bucket under a prefix, which is taken as a folder: "docs"
// is the object "docs" and what lies below "docs/", and not "docs-old/x".
type bucket struct {
	core    minio.Core
	idle    func() // closes idle connections
	origin  string
	name    string
	prefix  string // "" or a key or, ending in "/", a folder
	spooled *spooled
}

var (
	_ Source         = (*bucket)(nil)
	_ ingest.Coverer = (*bucket)(nil)
)

func openBucket(arg string, o Options) (Source, error) {
	name, prefix, _ := strings.Cut(arg, "/")
	if name == "" {
		return nil, errors.New("no bucket is named: want s3://BUCKET or s3://BUCKET/PREFIX")
	}
	endpoint, err := url.Parse(cmp.Or(o.S3.Endpoint, amazon))
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" || strings.Trim(endpoint.Path, "/") != "" {
		return nil, errors.New("the S3 endpoint is not http://HOST or https://HOST")
	}
	transport := &http.Transport{
		Proxy: o.S3.Proxy, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: time.Minute,
		DisableCompression: true, // an object that is a gzip file stays one
	}
	lookup := minio.BucketLookupAuto
	if o.S3.Endpoint != "" {
		lookup = minio.BucketLookupPath // names of its buckets are seldom in the DNS
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: o.S3.credentials(), Secure: endpoint.Scheme == "https", Region: o.S3.Region, BucketLookup: lookup,
		Transport: transport, MaxRetries: 4,
	})
	if err != nil {
		return nil, err
	}
	if product, version, ok := strings.Cut(o.UserAgent, "/"); ok {
		client.SetAppInfo(product, version)
	}
	return &bucket{
		core: minio.Core{Client: client}, idle: transport.CloseIdleConnections, origin: "s3:" + endpoint.Host + "/" + name,
		name: name, prefix: prefix, spooled: newSpooled(o),
	}, nil
}

func (o S3Options) credentials() *credentials.Credentials {
	switch {
	case o.AccessKey != "":
		return credentials.NewStaticV4(o.AccessKey, o.SecretKey, o.SessionToken)
	case o.Profile != "":
		return credentials.NewFileAWSCredentials(o.CredentialsFile, o.Profile)
	}
	var chain []credentials.Provider
	if o.CredentialsFile != "" {
		chain = append(chain, &credentials.FileAWSCredentials{Filename: o.CredentialsFile, Profile: "default"})
	}
	if o.Role {
		chain = append(chain, &credentials.IAM{})
	}
	return credentials.NewChainCredentials(chain)
}

func (b *bucket) Name() string   { return "s3://" + b.name }
func (b *bucket) Prefix() string { return b.Name() + "/" + b.prefix }
func (b *bucket) Origin() string { return b.origin }

func (b *bucket) Covers(uri string) bool {
	rest, ok := strings.CutPrefix(uri, b.Prefix())
	return ok && (b.isFolder() || rest == "" || rest[0] == '/' || rest[0] == '#' && isRecordFile(b.prefix))
}

func (b *bucket) isFolder() bool { return b.prefix == "" || strings.HasSuffix(b.prefix, "/") }

func (b *bucket) Close() error {
	b.idle()
	return b.spooled.Close()
}

// Items lists in the order of the keys. What is hidden, like in a folder, and the empty
// objects that stand for folders are not there.
func (b *bucket) Items(ctx context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		if err := b.spooled.Close(); err != nil {
			yield(ingest.Item{}, err)
			return
		}
		listed := 0
		for o, err := range b.objects(ctx) {
			if err != nil {
				yield(ingest.Item{}, ended(ctx, listed, fmt.Errorf("list %s: %w", b.Prefix(), err)))
				return
			}
			listed++
			if !b.item(ctx, o, yield) {
				return
			}
		}
	}
}

// objects are those of the prefix, a page of 1,000 a request.
func (b *bucket) objects(ctx context.Context) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		folder := b.prefix
		if !b.isFolder() {
			folder += "/"
			// Of the keys that start like it, a key itself is the first.
			for o := range b.list(ctx, minio.ListObjectsOptions{Prefix: b.prefix, MaxKeys: 1}) {
				if (o.Err != nil || o.Key == b.prefix) && !yield(o, plainly(o.Err)) || o.Err != nil {
					return
				}
				break
			}
		}
		for o := range b.list(ctx, minio.ListObjectsOptions{Prefix: folder}) {
			if o.Err == nil && (strings.HasSuffix(o.Key, "/") || hidden(strings.TrimPrefix(o.Key, folder))) {
				continue
			}
			if !yield(o, plainly(o.Err)) || o.Err != nil {
				return
			}
		}
	}
}

func (b *bucket) list(ctx context.Context, o minio.ListObjectsOptions) iter.Seq[minio.ObjectInfo] {
	o.Recursive = true
	return b.core.ListObjectsIter(ctx, b.name, o)
}

func hidden(rel string) bool { return strings.HasPrefix(rel, ".") || strings.Contains(rel, "/.") }

func (b *bucket) item(ctx context.Context, o minio.ObjectInfo, yield func(ingest.Item, error) bool) bool {
	uri := b.Name() + "/" + o.Key
	open := func(ctx context.Context) (io.ReadCloser, error) { return b.open(ctx, o) }
	if !isRecordFile(o.Key) {
		return yield(ingest.Item{
			URI: uri, Name: path.Base(o.Key), Size: o.Size, ModTime: o.LastModified, Token: o.ETag,
			Explicit: o.Key == b.prefix, Open: open,
		}, nil)
	}
	r, err := open(ctx)
	if err != nil {
		return yield(ingest.Item{URI: uri, Size: -1}, err)
	}
	defer r.Close()
	return b.spooled.records(ctx, uri, r, o.LastModified, yield)
}

// open reads the version that was listed and no other.
func (b *bucket) open(ctx context.Context, o minio.ObjectInfo) (io.ReadCloser, error) {
	opt := minio.GetObjectOptions{}
	if o.ETag != "" {
		if err := opt.SetMatchETag(o.ETag); err != nil {
			return nil, err
		}
	}
	r, now, _, err := b.core.GetObject(ctx, b.name, o.Key, opt)
	switch {
	case err != nil:
		return nil, ingest.Failf(ingest.Unreadable, "%w", plainly(err))
	case now.ETag != o.ETag: // not every S3 knows conditions
		r.Close()
		return nil, ingest.Failf(ingest.Unreadable, "%w", errChanged)
	}
	return r, nil
}

var errChanged = errors.New("the object changed after it was listed")

// plainly says what a server's answer means, without the keys and addresses that some
// answers repeat.
func plainly(err error) error {
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return err
	}
	switch answer.Code {
	case minio.PreconditionFailed:
		return errChanged
	case minio.NoSuchKey:
		return errors.New("the object is gone since it was listed")
	case minio.NoSuchBucket:
		return errors.New("there is no such bucket")
	case minio.AccessDenied:
		return errors.New("access denied: check the AWS credentials and what they allow")
	}
	if answer.StatusCode == 0 { // an answer that the client could not make sense of
		return fmt.Errorf("S3: %s", answer.Message)
	}
	return fmt.Errorf("S3 answered %d %s", answer.StatusCode, answer.Code)
}
