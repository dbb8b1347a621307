# The tests and what else is no part of the programs: included by the Makefile.
#
#   make check                  everything but damage and fuzz; the last line counts
#   make check TABLES=torch NETWORKS=resnet18 BATS=test/bats/cli.bats     some of it
#   make damage                 1,000 places of damage in every input format
#   make check-debian-torch     build and a short test run against Debian's libtorch-dev
#   make check-torch VERSIONS="2.2 2.5 newest"       the same against releases of PyTorch, each in build/torch-VERSION

RESULTS := $(O)/test/results

# test/programs/NAME.c is a program that a bats file runs; the server is pt2pnnx with its reader loaded once; fail_calls is a shared
# object for glibc.
TEST_SOURCES  := $(filter-out test/programs/server.c test/programs/fail_calls.c,$(wildcard test/programs/*.c))
TEST_PROGRAMS := $(TEST_SOURCES:test/programs/%.c=$(O)/test/%) $(O)/test/server $(O)/test/server-pnnx2py \
                 $(if $(findstring linux-gnu,$(shell $(CC) -dumpmachine)),$(O)/test/fail_calls.so)

$(O)/test/%: $(O)/test/programs/%.o $(O)/libpnnx.a
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LIBS) -ldl

$(O)/test/fail_calls.so: test/programs/fail_calls.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fsanitize=%,$(CFLAGS_ALL)) -fPIC -shared -o $@ $< -ldl

# The rules of the programs call their C functions.
RULE_FUNCTIONS := $(patsubst cmd/%.c,$(O)/cmd/%.o,$(wildcard cmd/pnnx2ncnn/functions/*.c cmd/pnnx2ncnn/blobs/*.c)) \
                  $(patsubst %,$(O)/cmd/%.o,pt2pnnx/functions pt2pnnx/attention pnnxopt/functions pnnx2ncnn/custom/custom \
                    pnnx2ncnn/passes/batch pnnx2ncnn/passes/elements pnnx2ncnn/passes/edit)
$(O)/test/rewrite_test: $(O)/test/programs/rewrite_test.o $(O)/test/programs/rewrite/generate.o $(RULE_FUNCTIONS) $(O)/libpnnx.a
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LIBS) -ldl

SERVER_OBJECTS := $(patsubst cmd/pt2pnnx/%.c,$(O)/test/pt2pnnx/%.o,$(wildcard cmd/pt2pnnx/*.c cmd/pt2pnnx/*/*.c)) \
                  $(patsubst %,$(O)/%.o,$(wildcard cmd/pt2pnnx/*.rules))
$(O)/test/pt2pnnx/%.o: cmd/pt2pnnx/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Dmain=pt2pnnx_main -MMD -MP -c -o $@ $<
$(O)/test/server: $(O)/test/programs/server.o $(SERVER_OBJECTS) $(O)/libpnnx.a
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LIBS) -ldl

$(O)/test/pnnx2py/%.o: cmd/pnnx2py/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Dmain=pnnx2py_main -MMD -MP -c -o $@ $<
$(O)/test/server-pnnx2py: test/programs/server.c $(patsubst cmd/%.c,$(O)/test/%.o,$(wildcard cmd/pnnx2py/*.c)) \
                          $(O)/cmd/pnnx2py/spellings.txt.o $(O)/libpnnx.a
	$(CC) $(CFLAGS_ALL) -DSERVED=pnnx2py_main -DSERVED_NAME='"pnnx2py"' $(LDFLAGS) -o $@ $^ $(LIBS) -ldl

tests: all $(TEST_PROGRAMS)

BATS_PROGRAM := $(firstword $(wildcard build/venv/bin/bats) bats)
BATS     ?= $(wildcard test/bats/*.bats)
TABLES   ?= $(patsubst test/cases/operators_%.py,%,$(wildcard test/cases/operators_*.py))
NETWORKS ?= all

CHECKS := $(BATS:test/bats/%.bats=check-bats-%) $(TABLES:%=check-operators-%) $(if $(strip $(NETWORKS)),check-networks-1of2 check-networks-2of2 check-sizes-1of2 check-sizes-2of2)
# Tests run in folders of their own.
ABSOLUTE_PYTHON = $(if $(findstring /,$(PYTHON)),$(abspath $(PYTHON)),$(PYTHON))
# Under SANITIZE: a report is a status that no program has, and what libtorch never frees is no report.
ENVIRONMENT = $(if $(SANITIZE),ASAN_OPTIONS=exitcode=99:detect_leaks=0 UBSAN_OPTIONS=exitcode=99) PNNX_BUILD='$(abspath $(O))' PNNX_BIN='$(abspath $(O))/bin' PYTHON='$(ABSOLUTE_PYTHON)' PYTHONDONTWRITEBYTECODE=1

check: tests
	@rm -rf $(RESULTS)
	@$(MAKE) --no-print-directory -s $(CHECKS)
	@test/tap sum $(RESULTS)/*.tap

check-bats-%: tests
	@$(ENVIRONMENT) test/tap run $*.bats $(RESULTS)/$*.bats.tap $(BATS_PROGRAM) --tap test/bats/$*.bats
check-operators-%: tests
	@$(ENVIRONMENT) test/tap run 'operators, $*' $(RESULTS)/operators-$*.tap $(PYTHON) -W ignore test/oracle.py operators $*
# In two parts, so that two processors have work.
check-networks-%: tests
	@$(ENVIRONMENT) test/tap run 'networks, $(subst of, of ,$*)' $(RESULTS)/networks-$*.tap \
	    $(PYTHON) -W ignore test/oracle.py network $(subst of,/,$*) $(filter-out all,$(NETWORKS))

# One conversion at every size.
check-sizes-%: tests
	@$(ENVIRONMENT) test/tap run 'sizes, $(subst of, of ,$*)' $(RESULTS)/sizes-$*.tap $(PYTHON) -W ignore test/sizes.py $(subst of,/,$*)

.PHONY: tests check-debian-torch check-torch damage

# Networks that a release of PyTorch traced, scripted and saved, through a reader built with it, and through its ncnn.
VERSIONS ?= 2.2 2.5 2.9 2.13 newest
RELEASE_NETWORKS ?= resnet18 squeezenet/script unet lstm_last gru_tagger/script swin bert yolo two_in_three_out
check-torch: $(VERSIONS:%=check-torch-%)
	@test/tap sum $(VERSIONS:%=build/torch-%/test/results/networks.tap)
check-torch-%:
	scripts/torch-venv $* build/torch-$*/venv
	$(MAKE) VARIANT=/torch-$* PYTHON=build/torch-$*/venv/bin/python all build/torch-$*/test/server
	build/torch-$*/bin/pt2pnnx --version
	PNNX_BIN=build/torch-$*/bin test/tap run 'networks, PyTorch $*' build/torch-$*/test/results/networks.tap \
	    build/torch-$*/venv/bin/python -W ignore test/oracle.py network $(RELEASE_NETWORKS)

# Debian's libtorch-dev (1.13) reads what today's PyTorch wrote: the build, and a short test run, into build/debian.
DEBIAN_NETWORKS ?= resnet18 squeezenet/script unet lstm_last gru_tagger/script swin bert yolo two_in_three_out # scaled_dot_product_attention is newer
check-debian-torch:
	$(MAKE) VARIANT=/debian TORCH=debian all build/debian/test/server
	PNNX_BIN=build/debian/bin test/tap run 'networks, libtorch 1.13' build/debian/test/results/networks.tap \
	    $(PYTHON) -W ignore test/oracle.py network $(DEBIAN_NETWORKS)
	@test/tap sum build/debian/test/results/networks.tap

demo: all $(O)/test/server
	@$(ENVIRONMENT) $(PYTHON) test/demo.py

bench: all
	@$(ENVIRONMENT) $(PYTHON) test/bench.py $(BENCH)
	@$(if $(BENCH),,$(ENVIRONMENT) $(PYTHON) test/bench_runtime.py -f)

-include $(wildcard $(O)/test/pt2pnnx/*.d $(O)/test/pt2pnnx/*/*.d $(O)/test/pnnx2py/*.d)

# 1,000 places of damage in each input format: our own readers in-process under sanitizers, .pt through the plain program.
DAMAGES ?= 1000
damage: tests
	$(MAKE) SANITIZE=1 build/sanitize/test/damage
	@rm -rf build/damage && mkdir -p build/damage
	$(O)/bin/pt2pnnx test/demo.pt build/damage/model.param build/damage/model.bin
	for what in text weights stream; do \
	    echo "$$what:"; ASAN_OPTIONS=detect_leaks=0 build/sanitize/test/damage $$what build/damage/model.param build/damage/model.bin \
	        $(DAMAGES) 2>build/damage/log || { tail -3 build/damage/log; exit 1; }; done
	cp test/demo.pt build/damage && cd build/damage && $(abspath $(O))/bin/pnnx demo.pt 2>log
	$(O)/test/ncnn_roundtrip binary=build/damage/ncnn.param.bin build/damage/demo.ncnn.param build/damage/demo.ncnn.bin \
	    build/damage/ncnn.param build/damage/ncnn.bin
	for what in 'text demo.ncnn.param' 'text ncnn.param.bin' 'weights demo.ncnn.param'; do \
	    echo "ncnn, $$what:"; ASAN_OPTIONS=detect_leaks=0 build/sanitize/test/damage ncnn-$${what%% *} build/damage/$${what#* } \
	        build/damage/demo.ncnn.bin $(DAMAGES) 2>build/damage/log || { tail -3 build/damage/log; exit 1; }; done
	$(ENVIRONMENT) $(PYTHON) test/damage_pt.py test/demo.pt $(DAMAGES)
