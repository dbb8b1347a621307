# Builds, checks and installs the toolchain; see README.md.
#
#   make            the programs, into build/bin and build/lib
#   make check      all tests (make test is the same)    make demo       a real network, end to end
#   make install    PREFIX=/usr/local DESTDIR=           make uninstall  takes it back
#   make bench      time and memory                      make format     the layout of the C files
#   make damage     damaged input                        make clean      what was built
#   make check-torch VERSIONS="2.2 2.5 2.9 2.13 newest"  builds and tests against other releases of PyTorch
#   make check-debian-torch                              and against Debian's libtorch
#   make CHECK=1    with what passes and rules promise checked behind each, into build/check
#   make SANITIZE=1 with address and undefined-behaviour sanitizers, into build/sanitize
#   make TORCH=...  libtorch's folder; debian; or none: everything but the reader of TorchScript

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
CXX     ?= c++
VERSION := 0.1.0

O := build$(if $(SANITIZE),/sanitize)$(if $(CHECK),/check)$(VARIANT)
PYTHON ?= $(firstword $(wildcard build/venv/bin/python) python3)

OPTIMIZE ?= -O2 -g
comma := ,
SANITIZER = $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS_ALL := -std=c11 -D_XOPEN_SOURCE=700 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off \
              -DVERSION='"$(VERSION)"' -DCHECKED=$(if $(CHECK),1,0) -I. -I$(O) $(OPTIMIZE) $(SANITIZER) $(CFLAGS)
CXXFLAGS_ALL := -Wall -Wextra -Werror -fPIC -fvisibility=hidden -I. $(OPTIMIZE) $(CXXFLAGS)
LIBS := -ldeflate -lm

SOURCES  := $(sort $(shell find common formats cmd test -name '*.[ch]' -o -name '*.cc' -o -name '*.hh'))
COMMANDS := pt2pnnx pnnxshape pnnxopt pnnx2ncnn pnnx2py pnnx ncnn2mem ncnnopt
LIBRARY  := $(patsubst %.c,$(O)/%.o,$(filter common/%.c formats/%.c,$(SOURCES))) \
            $(patsubst %,$(O)/%.o,$(wildcard common/operators/*.txt common/operators/*/*.txt common/layers/*.rules))
PROGRAMS := $(COMMANDS:%=$(O)/bin/%)
.SECONDARY:
.DELETE_ON_ERROR:

# Without libtorch all that needs none is built before make ends with an error.
READER := $(O)/lib/torchscript.so
all: $(PROGRAMS) $(if $(filter none,$(TORCH)),,$(READER))
	@$(if $(filter none,$(TORCH)),,[ -e $(READER) ] || { \
	    echo 'make: all but the reader of TorchScript is built: pt2pnnx needs it, the other programs do not' \
	    '(instead: scripts/setup installs PyTorch, TORCH=FOLDER names one, TORCH=none goes without)' >&2; exit 1; })

# One program: its C files and its embedded *.rules, with the library.
define PROGRAM
$(O)/bin/$(1): $(patsubst %.c,$(O)/%.o,$(wildcard cmd/$(1)/*.c cmd/$(1)/*/*.c)) \
               $(patsubst %,$(O)/%.o,$(wildcard cmd/$(1)/*.rules cmd/$(1)/*/*.rules cmd/$(1)/*.txt)) $(O)/libpnnx.a
	@mkdir -p $$(@D)
	$(CC) $$(CFLAGS_ALL) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) $(if $(filter pt2pnnx,$(1)),-ldl)
endef
$(foreach c,$(COMMANDS),$(eval $(call PROGRAM,$(c))))

$(O)/libpnnx.a: $(LIBRARY)
	@rm -f $@
	$(AR) rcs $@ $^

# Functions that nobody calls (common/base/banned.h), but in what reads numbers, or needs more of the system's headers.
MAY_CALL := common/base/float_text.c cmd/pt2pnnx/load/reader.c formats/mapping.c test/programs/server.c test/programs/fail_calls.c
# What an object depends on is said of its whole name, too: tests make with an absolute O.
$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(if $(filter $<,$(MAY_CALL)),,-include common/base/banned.h) -MMD -MP -MT '$@ $(@:$(CURDIR)/%=%)' -c -o $@ $<

$(O)/common/graph/element.o: CFLAGS_ALL += $(if $(findstring -O2,$(OPTIMIZE)),-O3) # whole weights go through its loops

# A text file as an object: const char NAME_text[], const size_t NAME_text_size, NAME from the file's name.
$(O)/%.rules.o: %.rules scripts/embed
	@mkdir -p $(@D)
	scripts/embed $< > $(O)/$*.rules.c
	$(CC) $(CFLAGS_ALL) -c -o $@ $(O)/$*.rules.c
$(O)/%.txt.o: %.txt scripts/embed
	@mkdir -p $(@D)
	scripts/embed $< > $(O)/$*.txt.c
	$(CC) $(CFLAGS_ALL) -c -o $@ $(O)/$*.txt.c

# The libtorch reader, in C++: a shared object that pt2pnnx opens when it meets TorchScript.  Its files are compiled as one, in
# 25 s: each alone takes 12 s for libtorch's headers, or 4 s and 650 MB in all where those are compiled ahead in 25 s.
FIND_TORCH = TORCH='$(TORCH)' PYTHON='$(PYTHON)' CXX='$(CXX)' scripts/find-torch
READER_SOURCES := $(filter formats/torchscript/%,$(SOURCES))
$(READER): $(READER_SOURCES) scripts/find-torch
	@mkdir -p $(@D)
	@! flags=$$($(FIND_TORCH)) || { $(if $(findstring s,$(firstword -$(MAKEFLAGS))),,set -x;) \
	    printf '#include "%s"\n' $(filter %.cc,$(READER_SOURCES)) | $(CXX) $(CXXFLAGS_ALL) -shared -o $@ -x c++ - $$flags; }

-include test/test.mk

# The reader lies where pt2pnnx looks for it: ../lib, or ../lib/pnnx, seen from its own folder.
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pnnx $(DESTDIR)$(PREFIX)/share/pnnx
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	[ ! -e $(READER) ] || install -m 755 $(READER) $(DESTDIR)$(PREFIX)/lib/pnnx
	install -m 644 scripts/pnnx.mk $(DESTDIR)$(PREFIX)/share/pnnx
	for page in man/*.[1-9]; do \
	    section=$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; \
	    install -d "$$section" && install -m 644 "$$page" "$$section" || exit 1; done

uninstall:
	rm -f $(COMMANDS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(PREFIX)/lib/pnnx/torchscript.so \
	    $(DESTDIR)$(PREFIX)/share/pnnx/pnnx.mk
	for page in man/*.[1-9]; do rm -f "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}"; done
	-rmdir $(DESTDIR)$(PREFIX)/lib/pnnx $(DESTDIR)$(PREFIX)/share/pnnx

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

test: check

clean:
	rm -rf $(O)/bin $(O)/lib $(O)/common $(O)/formats $(O)/cmd $(O)/test $(O)/libpnnx.a

format:
	@scripts/format $(SOURCES)

-include $(patsubst %.c,$(O)/%.d,$(filter %.c,$(SOURCES)))
.PHONY: all clean format check test demo bench install uninstall help
