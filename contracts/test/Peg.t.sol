// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPeg} from "../src/interfaces/IPeg.sol";
import {Transfers} from "../src/lib/Transfers.sol";
import {Peg} from "../src/Peg.sol";
import {PeggedToken} from "../src/PeggedToken.sol";
import {TestToken} from "../src/test-token/TestToken.sol";
import {HundredthToken, MoodyToken} from "./support/OddTokens.sol";
import {PegFixture} from "./support/PegFixture.sol";

contract PegTest is PegFixture {
    TestToken private dollar;
    TestToken private nano;

    function setUp() public override {
        super.setUp();
        (dollar, nano) = (tokens[PUBLIC], tokens[BASE]);
        dollar.mint(ann, 1_000);
        nano.mint(ann, 1_000);
    }

    // ── there and back ──

    function test_a_token_goes_there_as_a_pegged_one_and_comes_back() public {
        PeggedToken pegged = introduceOn(BASE);
        lockOn(PUBLIC, ann, address(dollar), 400, bob);
        vm.assertEq(dollar.balanceOf(ann), 600);
        vm.assertEq(dollar.balanceOf(address(pegs[PUBLIC])), 400);
        vm.assertEq(pegs[PUBLIC].locked(address(dollar)), 400);
        mintOn(BASE, transferOf(dollar, 400, bob));
        vm.assertEq(pegged.balanceOf(bob), 400);
        vm.prank(bob);
        pegs[BASE].burn(address(dollar), 150, ann);
        vm.assertEq(pegged.totalSupply(), 250);
        vm.assertEq(pegged.balanceOf(bob), 250);
        unlockOn(PUBLIC, transferOf(dollar, 150, ann));
        vm.assertEq(dollar.balanceOf(ann), 750);
        vm.assertEq(pegs[PUBLIC].locked(address(dollar)), 250);
        vm.assertEq(dollar.balanceOf(address(pegs[PUBLIC])), 250);
    }

    function test_each_chain_locks_its_own_tokens_and_mints_the_others() public {
        PeggedToken there = introduceOn(BASE);
        PeggedToken here = introduceOn(PUBLIC);
        lockOn(PUBLIC, ann, address(dollar), 5, bob);
        lockOn(BASE, ann, address(nano), 7, bob);
        mintOn(BASE, transferOf(dollar, 5, bob));
        mintOn(PUBLIC, transferOf(nano, 7, bob));
        vm.assertEq(there.balanceOf(bob), 5);
        vm.assertEq(here.balanceOf(bob), 7);
    }

    function test_a_pegged_token_says_what_it_stands_for() public {
        PeggedToken pegged = introduceOn(BASE);
        vm.assertEq(pegged.name(), "Dollar");
        vm.assertEq(pegged.symbol(), "USD");
        vm.assertEq(pegged.decimals(), 6);
        vm.assertEq(pegged.sourceChain(), PUBLIC);
        vm.assertEq(pegged.sourceToken(), address(dollar));
        vm.assertEq(pegged.peg(), address(pegs[BASE]));
        vm.assertEq(pegs[BASE].peggedOf(address(dollar)), address(pegged));
        vm.assertEq(pegs[PUBLIC].peggedOf(address(dollar)), address(0));
    }

    function test_every_movement_is_told() public {
        Peg peg = on(BASE);
        vm.expectEmit(address(peg));
        emit IPeg.TokenIntroduced(address(dollar), created(address(peg), 1), "Dollar", "USD", 6);
        introduceOn(BASE);
        peg = on(PUBLIC);
        vm.startPrank(ann);
        dollar.approve(address(peg), 10);
        vm.expectEmit(address(peg));
        emit IPeg.Locked(ann, address(dollar), bob, 10);
        peg.lock(address(dollar), 10, bob);
        vm.stopPrank();
        IPeg.Transfer memory there = transferOf(dollar, 10, bob);
        peg = on(BASE);
        vm.expectEmit(address(peg));
        emit IPeg.Minted(bob, address(dollar), there.transactionHash, 7, 10);
        mintOn(BASE, there);
        vm.prank(bob);
        vm.expectEmit(address(peg));
        emit IPeg.Burned(bob, address(dollar), ann, 4);
        peg.burn(address(dollar), 4, ann);
        IPeg.Transfer memory back = transferOf(dollar, 4, ann);
        peg = on(PUBLIC);
        vm.expectEmit(address(peg));
        emit IPeg.Unlocked(ann, address(dollar), back.transactionHash, 7, ann, 4);
        unlockOn(PUBLIC, back);
    }

    function test_of_a_token_that_keeps_a_fee_what_arrives_is_locked() public {
        HundredthToken costly = new HundredthToken();
        costly.mint(ann, 1_000);
        vm.chainId(PUBLIC);
        vm.startPrank(ann);
        costly.approve(address(pegs[PUBLIC]), 1_000);
        vm.expectEmit(address(pegs[PUBLIC]));
        emit IPeg.Locked(ann, address(costly), bob, 990);
        pegs[PUBLIC].lock(address(costly), 1_000, bob);
        vm.stopPrank();
        vm.assertEq(pegs[PUBLIC].locked(address(costly)), 990);
        vm.assertEq(costly.balanceOf(address(pegs[PUBLIC])), 990);
    }

    // ── lock and burn ──

    function test_nothing_is_locked_or_burnt_for_nobody_or_for_the_peg_itself() public {
        introduceOn(BASE);
        lockOn(PUBLIC, ann, address(dollar), 10, ann);
        mintOn(BASE, transferOf(dollar, 10, ann));
        for (uint256 i = 0; i < 2; i++) {
            uint256 chain = i == 0 ? PUBLIC : BASE;
            address[2] memory lost = [address(0), address(pegs[other(chain)])];
            for (uint256 j = 0; j < 2; j++) {
                Peg peg = on(chain);
                bytes memory refusal = abi.encodeWithSelector(IPeg.RecipientRefused.selector, lost[j]);
                vm.startPrank(ann);
                tokens[chain].approve(address(peg), 1);
                vm.expectRevert(refusal);
                peg.lock(address(tokens[chain]), 1, lost[j]);
                vm.expectRevert(refusal);
                peg.burn(address(dollar), 1, lost[j]);
                vm.stopPrank();
            }
        }
    }

    function test_nothing_at_all_is_neither_locked_nor_burnt() public {
        introduceOn(BASE);
        vm.expectRevert(Transfers.AmountZero.selector);
        pegs[BASE].burn(address(dollar), 0, bob);
        vm.chainId(PUBLIC);
        vm.expectRevert(Transfers.AmountZero.selector);
        pegs[PUBLIC].lock(address(dollar), 0, bob);
    }

    function test_only_contracts_are_locked_as_tokens_and_only_what_they_hand_over() public {
        Peg peg = on(PUBLIC);
        vm.expectRevert(abi.encodeWithSelector(Transfers.TokenRefused.selector, address(0)));
        peg.lock(address(0), 1, bob);
        vm.expectRevert(abi.encodeWithSelector(Transfers.TokenRefused.selector, ann));
        peg.lock(ann, 1, bob);
        MoodyToken moody = new MoodyToken();
        moody.mint(ann, 5);
        moody.answerFalse();
        vm.startPrank(ann);
        moody.approve(address(peg), 5);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(moody)));
        peg.lock(address(moody), 5, bob);
        vm.stopPrank();
    }

    function test_a_token_that_calls_back_is_not_counted_twice() public {
        Peg peg = on(PUBLIC);
        MoodyToken moody = new MoodyToken();
        moody.mint(ann, 100);
        moody.callNext(address(peg), abi.encodeCall(IPeg.lock, (address(moody), 50, bob)));
        vm.startPrank(ann);
        moody.approve(address(peg), 100);
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        peg.lock(address(moody), 50, bob);
        vm.stopPrank();
    }

    function test_a_pegged_token_goes_back_and_not_further() public {
        PeggedToken pegged = introduceOn(BASE);
        vm.expectRevert(abi.encodeWithSelector(IPeg.TokenIsPegged.selector, address(pegged)));
        pegs[BASE].lock(address(pegged), 1, bob);
    }

    function test_only_ones_own_pegged_tokens_are_burnt() public {
        Peg peg = on(BASE);
        vm.expectRevert(abi.encodeWithSelector(IPeg.TokenNotIntroduced.selector, address(dollar)));
        peg.burn(address(dollar), 1, bob);
        introduceOn(BASE);
        mintOn(BASE, transferOf(dollar, 10, bob));
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bob, 10, 11));
        peg.burn(address(dollar), 11, bob);
        vm.prank(ann);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ann, 0, 1));
        peg.burn(address(dollar), 1, ann);
    }

    function test_the_peg_alone_mints_and_burns_its_tokens() public {
        PeggedToken pegged = introduceOn(BASE);
        bytes memory refusal = abi.encodeWithSelector(PeggedToken.NotPeg.selector, ann);
        vm.startPrank(ann);
        vm.expectRevert(refusal);
        pegged.mint(ann, 1);
        vm.expectRevert(refusal);
        pegged.burn(bob, 1);
        vm.stopPrank();
    }

    // ── mint and unlock ──

    function test_a_token_is_introduced_once_and_before_it_is_minted() public {
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        Peg peg = on(BASE);
        IPeg.Attestation[] memory attested = attest(peg.lockDigest(one), THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(IPeg.TokenNotIntroduced.selector, address(dollar)));
        peg.mint(one, attested);
        PeggedToken pegged = introduceOn(BASE);
        IPeg.TokenIdentity memory identity = identityOf(dollar);
        identity.decimals = 18;
        attested = attest(peg.tokenDigest(identity), ATTESTERS);
        vm.expectRevert(
            abi.encodeWithSelector(IPeg.TokenAlreadyIntroduced.selector, address(dollar), address(pegged))
        );
        peg.introduce(identity, attested);
    }

    function test_an_identity_is_attested_whole() public {
        Peg peg = on(BASE);
        IPeg.TokenIdentity memory identity = identityOf(dollar);
        IPeg.Attestation[] memory attested = attest(peg.tokenDigest(identity), THRESHOLD);
        IPeg.TokenIdentity[4] memory others =
            [identityOf(dollar), identityOf(dollar), identityOf(dollar), identityOf(dollar)];
        others[0].token = address(nano);
        others[1].name = "Euro";
        others[2].symbol = "EUR";
        others[3].decimals = 7;
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IPeg.AttestationRefused.selector, attested[0].attester));
            peg.introduce(others[i], attested);
        }
        peg.introduce(identity, attested);
    }

    function test_what_is_attested_counts_once_whatever_it_is_called() public {
        introduceOn(BASE);
        lockOn(BASE, ann, address(nano), 100, bob);
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        Peg peg = on(BASE);
        vm.assertFalse(peg.isDone(one.transactionHash, 7), "not yet");
        mintOn(BASE, one);
        vm.assertTrue(peg.isDone(one.transactionHash, 7), "done");
        vm.assertFalse(peg.isDone(one.transactionHash, 8), "the next log");
        bytes memory refusal =
            abi.encodeWithSelector(IPeg.TransferAlreadyDone.selector, one.transactionHash, 7);
        // By others, with another amount, to another, and as a burn.
        IPeg.Attestation[] memory all = attest(peg.lockDigest(one), ATTESTERS);
        vm.expectRevert(refusal);
        peg.mint(one, all);
        one.amount = 11;
        one.recipient = ann;
        all = attest(peg.lockDigest(one), THRESHOLD);
        vm.expectRevert(refusal);
        peg.mint(one, all);
        one.token = address(nano);
        all = attest(peg.burnDigest(one), THRESHOLD);
        vm.expectRevert(refusal);
        peg.unlock(one, all, ann);
        // Another log of the same transaction is another lock.
        mintOn(BASE, IPeg.Transfer(one.transactionHash, 8, address(dollar), 3, bob));
        vm.assertEq(PeggedToken(peg.peggedOf(address(dollar))).balanceOf(bob), 13);
    }

    function test_an_unlock_counts_once() public {
        lockOn(PUBLIC, ann, address(dollar), 100, bob);
        IPeg.Transfer memory one = transferOf(dollar, 10, ann);
        unlockOn(PUBLIC, one);
        Peg peg = on(PUBLIC);
        IPeg.Attestation[] memory all = attest(peg.burnDigest(one), THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(IPeg.TransferAlreadyDone.selector, one.transactionHash, 7));
        peg.unlock(one, all, ann);
    }

    function test_every_field_is_attested() public {
        introduceOn(BASE);
        Peg peg = on(BASE);
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        IPeg.Attestation[] memory attested = attest(peg.lockDigest(one), THRESHOLD);
        IPeg.Transfer[4] memory others;
        others[0] = IPeg.Transfer(keccak256("other"), 7, one.token, 10, bob);
        others[1] = IPeg.Transfer(one.transactionHash, 8, one.token, 10, bob);
        others[2] = IPeg.Transfer(one.transactionHash, 7, one.token, 11, bob);
        others[3] = IPeg.Transfer(one.transactionHash, 7, one.token, 10, ann);
        bytes memory refusal =
            abi.encodeWithSelector(IPeg.AttestationRefused.selector, attested[0].attester);
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(refusal);
            peg.mint(others[i], attested);
        }
        peg.mint(one, attested);
    }

    /// Also of tokens that have the same address on both chains.
    function test_a_burn_is_not_minted_and_a_lock_not_unlocked() public {
        introduceOn(BASE);
        lockOn(BASE, ann, address(nano), 100, bob);
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        Peg peg = on(BASE);
        IPeg.Attestation[] memory attested = attest(peg.burnDigest(one), THRESHOLD);
        bytes memory refusal =
            abi.encodeWithSelector(IPeg.AttestationRefused.selector, attested[0].attester);
        vm.expectRevert(refusal);
        peg.mint(one, attested);
        one.token = address(nano);
        attested = attest(peg.lockDigest(one), THRESHOLD);
        vm.expectRevert(refusal);
        peg.unlock(one, attested, bob);
    }

    function test_an_attestation_holds_for_one_peg_on_one_chain() public {
        introduceOn(BASE);
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        Peg peg = on(BASE);
        // Of the same source for another Peg on the same chain, for the same Peg on a chain that split off,
        // and of another source.
        IPeg.Attestation[][3] memory wrong;
        Peg twin = new Peg(PUBLIC, address(pegs[PUBLIC]), attesterAddresses(), THRESHOLD);
        wrong[0] = attest(twin.lockDigest(one), THRESHOLD);
        vm.chainId(BASE + 1);
        wrong[1] = attest(peg.lockDigest(one), THRESHOLD);
        vm.chainId(PUBLIC);
        wrong[2] = attest(pegs[PUBLIC].lockDigest(one), THRESHOLD);
        vm.chainId(BASE);
        for (uint256 i = 0; i < wrong.length; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(IPeg.AttestationRefused.selector, vm.addr(attesterKeys[0]))
            );
            peg.mint(one, wrong[i]);
        }
    }

    /// Against the structs written out, as another program would hash them.
    function test_digests_are_those_of_the_wire_formats() public {
        Peg peg = on(BASE);
        IPeg.Transfer memory one = transferOf(dollar, 10, bob);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Papyrus"),
                keccak256("1"),
                BASE,
                address(peg)
            )
        );
        string[2] memory names = ["PegLock", "PegBurn"];
        bytes32[2] memory digests = [peg.lockDigest(one), peg.burnDigest(one)];
        for (uint256 i = 0; i < 2; i++) {
            bytes32 typeHash = keccak256(
                abi.encodePacked(
                    names[i],
                    "(uint256 sourceChain,address sourceContract,bytes32 transactionHash,uint256 logIndex,",
                    "address token,uint256 amount,address recipient)"
                )
            );
            bytes32 hash = keccak256(
                abi.encode(typeHash, PUBLIC, pegs[PUBLIC], one.transactionHash, uint256(7), dollar, 10, bob)
            );
            vm.assertEq(digests[i], keccak256(abi.encodePacked(hex"1901", domain, hash)));
        }
    }

    function test_no_more_is_unlocked_than_is_locked() public {
        lockOn(PUBLIC, ann, address(dollar), 10, bob);
        // What was sent without a lock belongs to nobody.
        dollar.mint(address(pegs[PUBLIC]), 5);
        IPeg.Transfer memory one = transferOf(dollar, 11, bob);
        Peg peg = on(PUBLIC);
        IPeg.Attestation[] memory attested = attest(peg.burnDigest(one), THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(IPeg.LockedTooLittle.selector, address(dollar), 10, 11));
        peg.unlock(one, attested, bob);
        vm.assertFalse(peg.isDone(one.transactionHash, 7), "can still be done");
        unlockOn(PUBLIC, transferOf(dollar, 10, bob));
        vm.assertEq(dollar.balanceOf(bob), 10);
        vm.assertEq(peg.locked(address(dollar)), 0);
    }

    function test_the_recipient_alone_names_another_address_and_so_cannot_be_locked_out() public {
        MoodyToken moody = new MoodyToken();
        moody.mint(ann, 50);
        lockOn(PUBLIC, ann, address(moody), 50, bob);
        moody.block_(bob, true);
        IPeg.Transfer memory one = IPeg.Transfer(keccak256("t"), 0, address(moody), 20, bob);
        Peg peg = on(PUBLIC);
        IPeg.Attestation[] memory attested = attest(peg.burnDigest(one), THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(MoodyToken.Blocked.selector, bob));
        peg.unlock(one, attested, bob);
        vm.expectRevert(abi.encodeWithSelector(IPeg.NotRecipient.selector, bob, ann));
        vm.prank(ann);
        peg.unlock(one, attested, ann);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IPeg.RecipientRefused.selector, address(0)));
        peg.unlock(one, attested, address(0));
        vm.expectRevert(abi.encodeWithSelector(IPeg.RecipientRefused.selector, address(peg)));
        peg.unlock(one, attested, address(peg));
        vm.expectEmit(address(peg));
        emit IPeg.Unlocked(bob, address(moody), one.transactionHash, 0, ann, 20);
        peg.unlock(one, attested, ann);
        vm.stopPrank();
        vm.assertEq(moody.balanceOf(ann), 20);
    }

    function test_a_token_that_calls_back_unlocks_nothing_twice() public {
        MoodyToken moody = new MoodyToken();
        moody.mint(ann, 50);
        lockOn(PUBLIC, ann, address(moody), 50, bob);
        IPeg.Transfer memory one = IPeg.Transfer(keccak256("t"), 0, address(moody), 20, bob);
        Peg peg = on(PUBLIC);
        IPeg.Attestation[] memory attested = attest(peg.burnDigest(one), THRESHOLD);
        moody.callNext(address(peg), abi.encodeCall(IPeg.unlock, (one, attested, bob)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        peg.unlock(one, attested, bob);
    }
}
