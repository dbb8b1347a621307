/* format.h - numbers of the zip format that its reader and its writer share.  The layout is PKWARE's APPNOTE;
 * sections are named by their signatures.  Private to this folder. */
#ifndef FORMATS_ZIP_FORMAT_H
#define FORMATS_ZIP_FORMAT_H

#define LOCAL_SIGNATURE     0x04034b50u
#define CENTRAL_SIGNATURE   0x02014b50u
#define END_SIGNATURE       0x06054b50u
#define END64_SIGNATURE     0x06064b50u
#define LOCATOR64_SIGNATURE 0x07064b50u

#define LOCAL_SIZE     30 /* without name and extra fields */
#define CENTRAL_SIZE   46
#define END_SIZE       22
#define END64_SIZE     56
#define LOCATOR64_SIZE 20

#define ZIP64_EXTRA     0x0001
#define ZIP64_LENGTH    28     /* all four numbers, as upstream's reader expects */
#define ALIGNMENT_EXTRA 0xd935 /* a 16-bit alignment and zeros, as zipalign writes it */
#define ALIGNMENT       64

#define FLAG_ENCRYPTED 0x0001
#define FLAG_UTF8      0x0800

#define ALL16 0xffffu
#define ALL32 0xffffffffu

#endif
