package neutron

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// page is what a list was asked for beside its filters.
type page struct {
	limit   int // 0: all
	marker  string
	reverse bool
	keys    []string
	down    []bool // of each key: descending
}

// list is the answer to GET /v2.0/<many>. Values of one filter are ORed, filters ANDed.
func (t *table[T]) list(c *call, pageLimit int) (answer, error) {
	query, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return answer{}, badRequest("Invalid query")
	}
	p, err := readPage(query, pageLimit)
	if err != nil {
		return answer{}, err
	}
	items, err := t.filter(c.who, query)
	if err != nil {
		return answer{}, err
	}
	if items, err = t.cut(c.who, items, p); err != nil {
		return answer{}, err
	}
	views := make([]any, 0, len(items))
	for _, item := range items {
		views = append(views, t.view(c.who, item, query["fields"]))
	}
	body := map[string]any{t.many: views}
	if links := t.links(c, query, items, p); len(links) > 0 {
		body[t.many+"_links"] = links
	}
	return answer{status: http.StatusOK, body: body}, nil
}

func readPage(query url.Values, pageLimit int) (page, error) {
	p := page{marker: query.Get("marker"), keys: query["sort_key"]}
	p.reverse, _ = strconv.ParseBool(query.Get("page_reverse"))
	if query.Has("limit") {
		limit, err := strconv.Atoi(query.Get("limit"))
		if err != nil || limit < 0 {
			return page{}, &neutronError{http.StatusBadRequest, "BadRequest",
				fmt.Sprintf("Bad limit request: Limit must be an integer 0 or greater and not '%s'.", query.Get("limit"))}
		}
		p.limit = limit
	}
	if pageLimit > 0 && (p.limit == 0 || p.limit > pageLimit) {
		p.limit = pageLimit
	}
	if len(p.keys) != len(query["sort_dir"]) {
		return page{}, badRequest("The number of sort_keys and sort_dirs must be same")
	}
	for _, direction := range query["sort_dir"] {
		p.down = append(p.down, direction == "desc")
	}
	return p, nil
}

// notFilters are the parameters of a list that say nothing of the items.
func notFilters() []string {
	return []string{"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"}
}

// filter are the items that who may see and that pass every filter of the query.
func (t *table[T]) filter(who *caller, query url.Values) ([]T, error) {
	var filters []func(T) bool
	var unknown []string
	for name, values := range query {
		if slices.Contains(notFilters(), name) {
			continue
		}
		a, ok := t.attribute(name)
		switch {
		case t.special[name] != nil:
			passes, err := t.special[name](values)
			if err != nil {
				return nil, err
			}
			filters = append(filters, passes)
		case ok && a.use == filtered:
			filters = append(filters, func(item T) bool { return anyText(values, a.of(item)) })
		default:
			unknown = append(unknown, "'"+name+"'")
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, badRequest("[" + strings.Join(unknown, ", ") + "] is invalid attribute for filtering")
	}
	return slices.DeleteFunc(t.sorted(), func(item T) bool {
		return !t.visible(who, item) || slices.ContainsFunc(filters, func(passes func(T) bool) bool { return !passes(item) })
	}), nil
}

// text is a value as a query names it.
func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// anyText reports whether one of the values means this one. For truth, True does as well as true.
func anyText(values []string, value any) bool {
	if _, ok := value.(bool); ok {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, text(value)) })
	}
	return slices.Contains(values, text(value))
}

// cut sorts the items and takes the page out of them.
func (t *table[T]) cut(who *caller, items []T, p page) ([]T, error) {
	order := func(a, b T) int {
		for i, key := range p.keys {
			if field, ok := t.attribute(key); ok {
				if c := cmp.Compare(text(field.of(a)), text(field.of(b))); c != 0 {
					if p.down[i] {
						return -c
					}
					return c
				}
			}
		}
		return cmp.Compare(a.id(), b.id())
	}
	slices.SortFunc(items, order)
	if p.marker != "" {
		marker, err := t.find(who, p.marker)
		if err != nil {
			return nil, err
		}
		items = slices.DeleteFunc(items, func(item T) bool {
			if p.reverse {
				return order(item, marker) >= 0
			}
			return order(item, marker) <= 0
		})
	}
	switch {
	case p.limit == 0 || len(items) <= p.limit:
		return items, nil
	case p.reverse:
		return items[len(items)-p.limit:], nil
	}
	return items[:p.limit], nil
}

// links lead to the pages beside this one. A page that is full has a next one, even if that is empty.
func (t *table[T]) links(c *call, query url.Values, items []T, p page) []any {
	if p.limit == 0 {
		return nil
	}
	to := func(rel string, reverse bool, marker int) any {
		next := url.Values{}
		for name, values := range query {
			next[name] = values
		}
		next.Del("marker")
		next.Del("page_reverse")
		if len(items) > 0 {
			next.Set("marker", items[marker].id())
		}
		if reverse {
			next.Set("page_reverse", "True")
		}
		return link(rel, "http://"+c.Host+c.URL.Path+"?"+next.Encode())
	}
	var out []any
	if len(items) >= p.limit || p.reverse {
		out = append(out, to("next", false, len(items)-1))
	}
	if len(items) >= p.limit || !p.reverse {
		out = append(out, to("previous", true, 0))
	}
	return out
}
