"""Operators in PNNX text, printed by pnnx2py, against PyTorch: what the text means is written beside it.

    python test/printed_operators.py

One line for each that differs; the status is 1 then.  The text is given without the lines of the inputs, which are
called i0, i1 ..., and of the output, which is called o."""
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import torch
import torch.nn.functional as F

import oracle

FAILED = []


def printed(folder, lines, inputs, weights):
    """The model that pnnx2py prints of the lines."""
    lines = [f'pnnx.Input in{i} 0 1 i{i} #i{i}=({",".join(map(str, t.shape))}){oracle.DTYPES[t.dtype]}'
             for i, t in enumerate(inputs)] + list(lines) + ['pnnx.Output out 1 0 o']
    results = sum(int(line.split()[3]) for line in lines)
    (folder / 'm.param').write_text(f'7767517\n{len(lines)} {results}\n' + '\n'.join(lines) + '\n')
    with zipfile.ZipFile(folder / 'm.bin', 'w') as archive:
        for key, t in weights.items():
            archive.writestr(key, t.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b'')
    subprocess.run([oracle.BIN / 'pnnx2py', 'm.param', 'm.bin', 'm.py'], cwd=folder, check=True)
    return oracle.load_module(folder / 'm.py').Model().eval()


def same(want, inputs, *lines, weights={}):
    """The printed lines compute `want` from the inputs."""
    try:
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            model = printed(pathlib.Path(folder), lines, inputs, weights)
            worst = oracle.compare(oracle.tensors(want), oracle.tensors(model(*oracle.clones(inputs))))
            if worst > oracle.PYTHON_TOLERANCE:
                raise oracle.Failure(f'differs by {worst:.1e}')
    except Exception as error:
        FAILED.append(lines)
        print(f'{lines[-1]}: {type(error).__name__}: {error}')


def written(x, index, value):
    """x with x[index] = value, in a copy."""
    x = x.clone()
    x[index] = value
    return x


torch.manual_seed(0)
x, y = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8)
s = torch.randn(4, 6)
l = torch.randint(0, 4, (5,))
i4 = torch.randint(1, 9, (4, 6))
W = torch.randn(4, 3, 3, 3)
g = torch.rand(2, 4, 4, 2)
columns = torch.randn(1, 12, 4)

same(s[:, l], [s, l],
     'pnnx.Expression li 1 1 i1 li expr=[None,@0]',
     'aten::index op 2 1 i0 li o $self=i0 $indices=li')
same(torch.cat((x, y), 1), [x, y],
     'pnnx.Expression li 2 1 i0 i1 li expr=[@0,@1]',
     'aten::cat op 1 1 li o dim=1 $tensors=li')
same(x[:, 1:], [x],
     'aten::slice op 1 1 i0 o dim=1 end=2147483647 start=1 step=1 $self=i0')
same(x.half(), [x],
     'aten::to op 1 1 i0 o dtype=torch.half non_blocking=False copy=False memory_format=None $self=i0')
same(torch.where(s > 0, s, 0.0), [s, s > 0],
     'aten::where op 2 1 i1 i0 o other=0.0 $condition=i1 $self=i0')
same(x.sum((1, 2), True), [x],
     'aten::sum op 1 1 i0 o dim=(1,2) keepdim=True dtype=None $self=i0')
same(x.max(1)[0], [x],
     'aten::max op 1 2 i0 o o2 dim=1 keepdim=False $self=i0')
same(x.max(1)[0], [x],
     'aten::max op 1 1 i0 o dim=1 keepdim=False $self=i0')
same(F.conv2d(x, W, None, 1, 1), [x],
     'pnnx.Attribute w 0 1 w @data=(4,3,3,3)f32',
     'aten::_convolution op 2 1 i0 w o bias=None stride=(1,1) padding=(1,1) dilation=(1,1) transposed=False output_padding=(0,0) groups=1 benchmark=False deterministic=False cudnn_enabled=True allow_tf32=True $input=i0 $weight=w', weights={'w.data': W})
same(1 - 2 * x, [x],
     'aten::rsub op 1 1 i0 o other=1 alpha=2 $self=i0')
same(x.reshape(2, -1), [x],
     'aten::size z 1 1 i0 z dim=1 $self=i0',
     'aten::mul m 1 1 z m other=2 $self=z',
     'aten::floor_divide f 1 1 m f other=3 $self=m',
     'pnnx.Expression li 1 1 f li expr=[@0,-1]',
     'aten::reshape op 2 1 i0 li o $self=i0 $shape=li')
same(F.interpolate(x, size=(16, 16), mode='bilinear'), [x],
     'aten::upsample_bilinear2d op 1 1 i0 o output_size=(16,16) align_corners=False scale_factors=None $input=i0')
same(x[:, 2:], [x],
     'aten::split op 1 3 i0 a b o split_size=1 dim=1 $self=i0')
same(x[:, 2], [x],
     'aten::unbind op 1 3 i0 a b o dim=1 $self=i0')
same(torch.arange(5), [x],
     'aten::arange op 0 1 o end=5 dtype=torch.long')
same(s @ s.T, [s],
     'pnnx.Expression li 2 1 i0 i0 li expr=[@0,@0]',
     'aten::einsum op 1 1 li o equation=ij,kj->ik path=None $tensors=li')
same(torch.ones_like(x), [x],
     'aten::random_ op 1 1 i0 o from=1 to=2 $self=i0')
FUNCTIONS = ['add', 'sub', 'mul', 'true_divide', 'pow', 'floor_divide', 'remainder', 'fmod', 'atan2', 'maximum']
for t in FUNCTIONS:
    f, half = getattr(torch, t), torch.tensor(2.5)
    z = s.abs() + 0.1
    same(f(z, z * 2 + 1), [z, z * 2 + 1],
         f'torch.{t} op 2 1 i0 i1 o $input=i0 $other=i1')
    same(f(z, half), [z],
         f'torch.{t} op 1 1 i0 o other=2.5 $input=i0')
    same(f(half, z), [z],
         f'torch.{t} op 1 1 i0 o input=2.5 $other=i0')
same(x + 3 * y, [x, y],
     'torch.add op 2 1 i0 i1 o alpha=3 $input=i0 $other=i1')
same(1 - 3 * x, [x],
     'torch.sub op 1 1 i0 o input=1 alpha=3 $other=i0')
for m in ('floor', 'trunc'):
    same(torch.div(i4, i4 + 2, rounding_mode=m), [i4, i4 + 2],
         f'torch.div op 2 1 i0 i1 o rounding_mode={m} $input=i0 $other=i1')
    same(torch.div(i4, 2, rounding_mode=m), [i4],
         f'torch.div op 1 1 i0 o rounding_mode={m} other=2 $input=i0')
    same(torch.div(torch.tensor(-7), i4, rounding_mode=m), [i4],
         f'torch.div op 1 1 i0 o rounding_mode={m} input=-7 $other=i0')
for t in ('eq', 'ne', 'lt', 'le', 'gt', 'ge'):
    same(getattr(torch, t)(s, 0.5), [s],
         f'torch.{t} op 1 1 i0 o other=0.5 $input=i0')
same(0.5 < s, [s],
     'torch.lt op 1 1 i0 o input=0.5 $other=i0')
same(x * -3, [x],
     'Tensor.size z 1 1 i0 z dim=2 $input=i0',
     'torch.sqrt q 1 1 z q $input=z',
     'torch.ceil c 1 1 q c $input=q',
     'torch.neg n 1 1 c n $input=c',
     'torch.max m 1 1 n m other=-3 $input=n',
     'torch.mul op 2 1 i0 m o $input=i0 $other=m')
same(x.permute(0, 2, 3, 1), [x],
     'Tensor.permute op 1 1 i0 o dims=(0,2,3,1) $input=i0')
same(x.expand(3, 2, 3, 8, 8), [x],
     'Tensor.expand op 1 1 i0 o sizes=(3,2,3,8,8) $input=i0')
same(x.repeat(1, 2, 1, 1), [x],
     'Tensor.repeat op 1 1 i0 o sizes=(1,2,1,1) $input=i0')
same(x.reshape(2, -1), [x],
     'Tensor.reshape op 1 1 i0 o shape=(0,-1) $input=i0')
same(x.reshape(-1), [x],
     'Tensor.reshape op 1 1 i0 o shape=(-1) $input=i0')
same(x.reshape(6, 64), [x],
     'Tensor.view op 1 1 i0 o shape=(6,64) $input=i0')
same(x.double(), [x],
     'Tensor.to op 1 1 i0 o dtype=torch.double copy=False memory_format=torch.channels_last $input=i0')
same(x, [x],
     'Tensor.to op 1 1 i0 o dtype=None copy=False $input=i0')
same(torch.tensor(2.5).double(), [x],
     'Tensor.to op 0 1 o dtype=torch.double copy=False input=2.5')
same(x.new_full((3,), 2.0), [x],
     'pnnx.Expression n 0 1 n expr=None', 'pnnx.Expression z 0 1 z expr=[3]', 'pnnx.Expression v 0 1 v expr=2.0',
     'pnnx.Expression f 0 1 f expr=False', 'aten::new_full op 7 1 i0 z v n n n f o')
same(torch.full_like(x, 2.5), [x],
     'Tensor.fill op 1 1 i0 o value=2.5 $input=i0')
same(s.masked_fill(s > 0, float('-inf')), [s, s > 0],
     'Tensor.masked_fill op 2 1 i0 i1 o value=-inf $input=i0 $mask=i1')
same(s.index_put((torch.arange(4)[:, None], l[None]), torch.tensor(1.5)), [s, l],
     'pnnx.Expression li 1 1 i1 li expr=[None,@0]',
     'Tensor.index_put op 2 1 i0 li o values=1.5 accumulate=False $input=i0 $indices=li')
same(s[:, [2, 0]], [s],
     'Tensor.index op 1 1 i0 o expr=[None,[2,0]] $input=i0')
same(s[torch.tensor([True, False, True, True])], [s],
     'Tensor.index op 1 1 i0 o expr=[[True,False,True,True]] $input=i0')
same(x[..., 1:7:2, :], [x],
     'Tensor.slice op 1 1 i0 o dim=-2 start=1 end=7 step=2 $input=i0')
same(x, [x],
     'Tensor.slice op 1 1 i0 o dim=1 start=None end=None step=1 $input=i0')
same(x[:, 2, 1::2, :5], [x],
     'Tensor.slice op 1 1 i0 o dims=(1,2,3) starts=(0,1,0) ends=(0,2147483647,5) steps=(0,2,1) selects=(2,2147483647,2147483647) $input=i0')
same(x[1, ..., 1:-1], [x],
     'Tensor.slice op 1 1 i0 o dims=(0,-1) starts=(0,1) ends=(0,-1) steps=(0,1) selects=(1,2147483647) $input=i0')
same(written(x, (slice(None), slice(None), slice(1, 3)), y[:, :, :2]), [x, y[:, :, :2]],
     'Tensor.slice_copy op 2 1 i0 i1 o dim=2 start=1 end=3 step=1 $self=i0 $src=i1')
same(written(x, (1, slice(1, 3)), y[0, :2]), [x, y[0, :2]],
     'Tensor.slice a 1 1 i0 a dim=1 start=1 end=3 step=1 $input=i0',
     'Tensor.select b 1 1 a b dim=0 index=1 $input=a',
     'Tensor.copy op 2 1 b i1 o $self=b $src=i1')
same(x[:, -1], [x],
     'Tensor.select op 1 1 i0 o dim=1 index=-1 $input=i0')
same(s.unsqueeze(0).unsqueeze(2), [s],
     'torch.unsqueeze op 1 1 i0 o dim=(0,2) $input=i0')
same(s[:, None, :, None], [s],
     'torch.unsqueeze op 1 1 i0 o dim=(-1,-3) $input=i0')
same(x.prod(2).prod(0), [x],
     'torch.prod op 1 1 i0 o dim=(0,2) keepdim=False $input=i0')
same(x.max(1, True)[0], [x],
     'torch.max op 1 1 i0 o dim=1 keepdim=True $input=i0')
same(x.topk(2, 1)[1], [x],
     'torch.topk op 1 2 i0 a o k=2 dim=1 largest=True sorted=True $input=i0')
same(x.var((1,), correction=0, keepdim=True), [x],
     'torch.var op 1 1 i0 o dim=(1) unbiased=0 keepdim=True $input=i0')
same(x.std((1,), keepdim=True), [x],
     'torch.std op 1 1 i0 o dim=(1) correction=1 keepdim=True $input=i0')
same(x.std(), [x],
     'torch.std op 1 1 i0 o dim=None unbiased=True keepdim=False $input=i0')
same(x.norm(p='fro', dim=1, keepdim=True), [x],
     'torch.norm op 1 1 i0 o dim=(1) keepdim=True p=fro $input=i0')
same(x.clamp(max=0.5), [x],
     'torch.clamp op 1 1 i0 o min=None max=0.5 $input=i0')
same(torch.where(s > 0, s, 1.0), [s, s > 0],
     'torch.where op 2 1 i1 i0 o other=1.0 $condition=i1 $input=i0')
same(s @ (s + 1).T, [s, s + 1],
     'torch.einsum op 2 1 i0 i1 o equation=ij,kj->ik')
same(torch.cat((x, y), 1), [x, y],
     'torch.cat op 2 1 i0 i1 o dim=1')
same(torch.stack((x,), 1), [x],
     'torch.stack op 1 1 i0 o dim=1')
same(x[:, :, 3:], [x],
     'torch.tensor_split op 1 2 i0 a o indices=(3) dim=2 $input=i0')
same(x[:, :, 4:], [x],
     'torch.chunk op 1 2 i0 a o chunks=2 dim=2 $input=i0')
same(x, [x],
     'torch.split op 1 1 i0 o split_size_or_sections=8 dim=2 $tensor=i0')
same(torch.full((2, 3), float('inf')), [x],
     'torch.full op 0 1 o size=(2,3) fill_value=inf dtype=None')
same(torch.arange(0, 5, 2, dtype=torch.int), [x],
     'torch.arange op 0 1 o start=0 end=5 step=2 dtype=torch.int')
same(torch.arange(5), [x],
     'torch.arange op 0 1 o end=5 dtype=None')
same(torch.zeros(2, dtype=torch.bool), [x],
     'torch.zeros op 0 1 o size=(2) dtype=torch.bool')
same(x.roll((1, 2), (2, 3)), [x],
     'torch.roll op 1 1 i0 o shifts=(1,2) dims=(2,3) $input=i0')
same(x.repeat_interleave(2, 1), [x],
     'torch.repeat_interleave op 1 1 i0 o repeats=2 dim=1 $input=i0')
same(torch.fft.rfft2(x, norm='ortho'), [x],
     'torch.fft.rfft2 op 1 1 i0 o s=None dim=(-2,-1) norm=ortho $input=i0')
same(F.pad(x, (1, 1, 2, 2), 'reflect'), [x],
     'F.pad op 1 1 i0 o pad=(1,1,2,2) mode=reflect value=None $input=i0')
same(F.pad(x, (1, 1), value=2.0), [x],
     'F.pad op 1 1 i0 o pad=(1,1) mode=constant value=2.0 $input=i0')
same(F.interpolate(x, (12, 12), mode='bilinear'), [x],
     'F.upsample op 1 1 i0 o size=(12,12) mode=bilinear align_corners=False $input=i0')
same(F.interpolate(x, scale_factor=2.0), [x],
     'F.upsample_nearest op 1 1 i0 o scale_factor=(2.0,2.0) $input=i0')
same(F.interpolate(x, scale_factor=2.0, mode='bilinear', align_corners=True), [x],
     'F.upsample_bilinear op 1 1 i0 o scale_factor=(2.0,2.0) $input=i0')
same(F.interpolate(x, scale_factor=2.0), [x],
     'F.upsample op 1 1 i0 o scale_factor=(2.0,2.0) mode=nearest $input=i0')
same(F.interpolate(x, scale_factor=2.0, mode='nearest-exact'), [x],
     'F.interpolate op 1 1 i0 o scale_factor=(2.0,2.0) mode=nearest-exact recompute_scale_factor=False $input=i0')
same(F.adaptive_avg_pool2d(x, (None, 4)), [x],
     'F.adaptive_avg_pool2d op 1 1 i0 o output_size=(0,4) $input=i0')
same(F.adaptive_max_pool2d(x, 4), [x],
     'F.adaptive_max_pool2d op 1 2 i0 o q output_size=(4,4) return_indices=True $input=i0')
same(F.adaptive_max_pool2d(x, 4), [x],
     'F.adaptive_max_pool2d op 1 1 i0 o output_size=(4,4) return_indices=True $input=i0')
same(F.max_pool2d(x, 2, return_indices=True)[1], [x],
     'F.max_pool2d op 1 2 i0 q o kernel_size=(2,2) stride=(2,2) padding=(0,0) dilation=(1,1) ceil_mode=False return_indices=True $input=i0')
same(F.avg_pool2d(x, 2), [x],
     'F.avg_pool2d op 1 1 i0 o kernel_size=(2,2) stride=None padding=(0,0) ceil_mode=False count_include_pad=True divisor_override=None $input=i0')
same(F.avg_pool1d(x[0], 2), [x[0]],
     'F.avg_pool1d op 1 1 i0 o kernel_size=(2) stride=None padding=(0) ceil_mode=False count_include_pad=True $input=i0')
same(F.normalize(x), [x],
     'F.normalize op 1 1 i0 o p=2.0 dim=1 eps=1e-12 $input=i0')
same(F.gelu(x, approximate='tanh'), [x],
     'F.gelu op 1 1 i0 o approximate=tanh $input=i0')
same(F.local_response_norm(x, 3, 0.001), [x],
     'F.local_response_norm op 1 1 i0 o size=3 alpha=0.001 beta=0.75 k=1.0 $input=i0')
same(F.grid_sample(x, g, align_corners=True), [x, g],
     'F.grid_sample op 2 1 i0 i1 o mode=bilinear padding_mode=zeros align_corners=True $input=i0 $grid=i1')
same(F.lp_pool2d(x, 2, 2, 2), [x],
     'F.lp_pool2d op 1 1 i0 o norm_type=2 kernel_size=(2,2) stride=(2,2) ceil_mode=False $input=i0')
same(F.lp_pool1d(x[0], 2, 2, 2), [x[0]],
     'F.lp_pool1d op 1 1 i0 o norm_type=2 kernel_size=2 stride=(2) $input=i0')
same(F.fold(columns, (4, 4), 2, stride=2), [columns],
     'F.fold op 1 1 i0 o output_size=(4,4) kernel_size=(2,2) stride=(2,2) padding=(0,0) dilation=(1,1) $input=i0')
same(F.glu(x, 3), [x],
     'F.glu op 1 1 i0 o dim=3 $input=i0')
same(F.hardtanh(x, -0.5, 0.5), [x],
     'F.hardtanh op 1 1 i0 o min_val=-0.5 max_val=0.5 $input=i0')
same(F.threshold(x, 0.1, 20.0), [x],
     'F.threshold op 1 1 i0 o threshold=0.1 value=20.0 $input=i0')
same(F.pairwise_distance(s, s + 1, keepdim=True), [s, s + 1],
     'F.pairwise_distance op 2 1 i0 i1 o p=2.0 eps=1e-6 keepdim=True $x1=i0 $x2=i1')
same(x, [x],
     'torch.clone op 1 1 i0 o memory_format=torch.contiguous_format $input=i0')
same(torch.cat((s[:1], s[1:] * 2)), [s, s[1:] * 2],
     'torch.slice_scatter op 2 1 i0 i1 o dim=0 start=1 end=None step=1 $input=i0 $src=i1')
same(0.5 + 2 * s @ s.T, [torch.ones(4, 4), s, s.T.contiguous()],
     'torch.addmm op 3 1 i0 i1 i2 o beta=0.5 alpha=2 $input=i0 $mat1=i1 $mat2=i2')
same(i4 & 3, [i4],
     'torch.bitwise_and op 1 1 i0 o other=3 $input=i0')
same(i4 << 3, [i4],
     'torch.bitwise_left_shift op 1 1 i0 o other=3 $input=i0')
same(s.type_as(i4), [s, i4],
     'Tensor.type_as op 2 1 i0 i1 o $input=i0 $other=i1')
same(torch.zeros(2, 2), [s],
     'Tensor.new_zeros op 1 1 i0 o size=(2,2) dtype=None $input=i0')
same(s.unflatten(1, (2, 3)), [s],
     'Tensor.unflatten op 1 1 i0 o dim=1 sizes=(2,3) $input=i0')
same({'a': (x, y), 'b': y}, [x, y],
     'prim::TupleConstruct t 2 1 i0 i1 t',
     'prim::DictConstruct o 2 1 t i1 o keys=(a,b)')
same(y, [x, y],
     'prim::ListConstruct t 2 1 i0 i1 t',
     'prim::ListUnpack u 1 2 t q o')
same(x[:, :, 4:], [x],
     'torch.split t 1 1 i0 t split_size_or_sections=4 dim=2 $tensor=i0',
     'prim::ListUnpack u 1 2 t q o')
same((x, 3), [x],
     'pnnx.Expression c 0 1 c expr=3',
     'prim::TupleConstruct o 2 1 i0 c o')
same(F.max_pool2d(x, 2, return_indices=True)[1], [x],
     'nn.MaxPool2d m 1 2 i0 q o kernel_size=(2,2) stride=(2,2) padding=(0,0) dilation=(1,1) ceil_mode=False return_indices=True')
same(F.adaptive_max_pool2d(x, 4), [x],
     'nn.AdaptiveMaxPool2d m 1 1 i0 t output_size=(4,4) return_indices=True',
     'prim::TupleUnpack u 1 2 t o q')
same(F.adaptive_avg_pool2d(x, (4, None)), [x],
     'nn.AdaptiveAvgPool2d m 1 1 i0 o output_size=(4,0)')
same(F.group_norm(x, 3), [x],
     'nn.GroupNorm m 1 1 i0 o num_groups=3 eps=1e-5 affine=False')
same(F.instance_norm(x), [x],
     'nn.InstanceNorm2d m 1 1 i0 o eps=1e-5 affine=False track_running_stats=False')
same(F.interpolate(x, scale_factor=2.0, mode='bilinear'), [x],
     'nn.Upsample m 1 1 i0 o mode=bilinear size=None scale_factor=(2.0,2.0) align_corners=False')
W = torch.randn(8).half()
same(F.layer_norm(x.half(), (8,), W), [x.half()],
     'nn.LayerNorm m 1 1 i0 o normalized_shape=(8) eps=1e-5 elementwise_affine=True @weight=(8)f16', weights={'m.weight': W})
A = torch.randn(3).to(torch.bfloat16)
same(A.float(), [x],
     'pnnx.Attribute a 0 1 a @data=(3)bf16',
     'Tensor.to op 1 1 a o dtype=torch.float $input=a', weights={'a.data': A})
A = torch.randn(3, dtype=torch.complex64)
same(A.real, [x],
     'pnnx.Attribute a 0 1 a @data=(3)c64',
     'torch.real op 1 1 a o $input=a', weights={'a.data': A})
same(torch.empty(0, 3), [x],
     'pnnx.Attribute a 0 1 o @data=(0,3)f32', weights={'a.data': torch.empty(0, 3)})
A = torch.tensor([True, False])
same(A, [x],
     'pnnx.Attribute a 0 1 o @data=(2)bool', weights={'a.data': A})

sys.exit(len(FAILED) > 0)
